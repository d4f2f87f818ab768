/* Packets of D-Bus are none of ours: with these libpcap's archive needs no library of D-Bus's. Its
 * own (pcap-dbus.c) do the same for a device whose name does not begin with "dbus-". Not used where
 * the shared library is. */
#include "tun/no_dbus.h"

#include <stddef.h>

int dbus_findalldevs(void *devices, char *error)
{
	(void)devices;
	(void)error;
	return 0;
}

void *dbus_create(const char *device, char *error, int *is_ours)
{
	(void)device;
	(void)error;
	*is_ours = 0;
	return NULL;
}
