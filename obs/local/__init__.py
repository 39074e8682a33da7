"""The whole stack alive on one machine: real control plane and servers, simulated platform."""
