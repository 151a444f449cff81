"""All input and output with the API server; nothing else imports a client."""
