/* The functions of D-Bus in libpcap's table of capture sources (pcap.c, capture_source_types). */
#ifndef FINWAIT_TUN_NO_DBUS_H
#define FINWAIT_TUN_NO_DBUS_H

/* Adds no devices and returns 0. */
int dbus_findalldevs(void *devices, char *error);
/* Returns NULL and sets *is_ours to 0: the device is not one of D-Bus. */
void *dbus_create(const char *device, char *error, int *is_ours);

#endif
