"""Write a shop's orders as a table of one's own would be: ``python scripts/example_orders.py orders.csv``."""

import sys
from pathlib import Path

import polars as pl

from ragx.data.generated.shop import generated_shop


def example_orders(num_users: int = 300, num_items: int = 150) -> pl.DataFrame:
    """Return purchases as columns customer, sku, ordered_at (ISO 8601) and amount, in order of time."""
    shop = generated_shop(num_users=num_users, num_items=num_items, num_days=120, events_per_user=25)
    interactions = shop.interactions
    table = interactions.table.sort("timestamp", "user", "item")
    return pl.DataFrame(
        {
            "customer": interactions.users.outside(table["user"].to_numpy()),
            "sku": interactions.items.outside(table["item"].to_numpy()),
            "ordered_at": pl.from_epoch(table["timestamp"]).dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "amount": table["value"].round(2),
        }
    )


if __name__ == "__main__":
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "orders.csv")
    orders = example_orders()
    orders.write_csv(path)
    print(f"{orders.height:,} orders: {path}")
