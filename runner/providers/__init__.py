"""Who answers: one small protocol, and the providers that speak it."""
