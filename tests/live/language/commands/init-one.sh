echo one >>/tmp/order
