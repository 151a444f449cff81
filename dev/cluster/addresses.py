"""The cluster's addresses."""

BRIDGE = "pui0"
NODE_IP = "10.244.0.1"
"""The bridge's own address: the node, the API server's advertised address, the DNS server."""
POD_SUBNET = "10.244.0.0/24"
SERVICE_SUBNET = "10.96.0.0/16"
SERVICE_IP = "10.96.0.1"
API_PORT = 6443
NODE_NAME = "node0"
KAFKA_PORT = 19092
"""The broker announces this very port of the loopback interface to clients outside of pods."""
