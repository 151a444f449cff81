"""What leaves the house: images, SBOMs, the chart, a version."""
