"""The images: the product's two from their own Dockerfiles, and the development servers'."""
