"""OpenTelemetry: a run's spans and metrics, sent where the environment's OTEL_ variables say."""
