"""The benchmarks: a mock provider, a load generator and the gateway, each a process of its own."""
