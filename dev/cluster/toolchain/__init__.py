"""What the development environment is built with, and what it builds first."""
