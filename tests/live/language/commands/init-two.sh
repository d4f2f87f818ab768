test ! -e /sys/class/net/tun0 && echo two >>/tmp/order
