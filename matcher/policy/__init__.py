"""What a planner wants, as data: objectives asked for, rules, the policy."""
