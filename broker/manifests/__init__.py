"""What the local broker and the runner may import of the manifests' reader."""

from broker.manifests.errors import ManifestError
from broker.manifests.folder import load_platform
from broker.manifests.platform import (
    DeliverySpec,
    Destination,
    Ping,
    Platform,
    Service,
    Trigger,
)
from broker.manifests.resolve import parse_platform

__all__ = [
    "DeliverySpec",
    "Destination",
    "ManifestError",
    "Ping",
    "Platform",
    "Service",
    "Trigger",
    "load_platform",
    "parse_platform",
]
