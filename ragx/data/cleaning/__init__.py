"""From raw events to clean ones: cells, times, rules and filters, each step counted."""
