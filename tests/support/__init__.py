"""What tests stand on: the throw-away servers, databases made from a template, job contexts without a worker."""
