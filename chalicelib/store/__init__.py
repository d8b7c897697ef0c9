"""The only room that knows DynamoDB and PynamoDB: keys, the item, its encoding, reads and atomic writes."""
