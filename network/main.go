// Command dhc-node runs a node of the Deep Health Chain, and writes the genesis of a network.
package main

import (
	"fmt"
	"os"

	servercmd "github.com/cosmos/cosmos-sdk/server/cmd"

	"dhc/network/chain"
)

func main() {
	chain.Configure()
	if err := servercmd.Execute(root(), "DHC_NODE", ""); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
