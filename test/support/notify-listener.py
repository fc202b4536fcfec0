"""Stands for the service manager: prints each notification and its sender as a JSON line.

Node has no AF_UNIX datagrams. Closes the descriptors that come with a message: systemd-notify waits for that
(BARRIER=1).
"""
import array
import json
import os
import socket
import struct
import sys

listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
listener.bind(sys.argv[1])
print("listening", flush=True)
while True:
    data, ancillary, _flags, _address = listener.recvmsg(65536, 4096)
    pid = None
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
            pid = struct.unpack("3i", content[:12])[0]
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors = array.array("i")
            descriptors.frombytes(content[: len(content) - len(content) % descriptors.itemsize])
            for descriptor in descriptors:
                os.close(descriptor)
    print(json.dumps({"message": data.decode(), "pid": pid}), flush=True)
