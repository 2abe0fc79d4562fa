"""What lies on disk: objects by digest, sealed deliveries, the transparency log, release bundles."""
