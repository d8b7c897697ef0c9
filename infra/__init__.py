"""Everything that puts the application somewhere: on AWS, or on the local cloud."""
