"""Which route takes a request, which targets it is offered, and in which order."""
