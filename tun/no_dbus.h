/* What libpcap's table of capture sources (pcap.c, capture_source_types) asks of D-Bus. */
#ifndef FINWAIT_TUN_NO_DBUS_H
#define FINWAIT_TUN_NO_DBUS_H

/* Adds no devices. 0. */
int dbus_findalldevs(void *devices, char *error);
/* NULL, and *is_ours is 0: not a device of D-Bus. */
void *dbus_create(const char *device, char *error, int *is_ours);

#endif
