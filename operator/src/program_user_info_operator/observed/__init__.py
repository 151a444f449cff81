"""What the cluster says, in our own small model. Pure; knows every supported Flink operator."""
