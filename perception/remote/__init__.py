"""Models on another machine: the back ends' protocols over HTTP, for a robot PC without GPU and PyTorch."""
