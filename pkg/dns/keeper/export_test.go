package keeper

import (
	"context"
	"time"
)

// Turn is one turn of Run.
func Turn(ctx context.Context, k *Keeper) time.Duration { return k.turn(ctx) }
