package main

import (
	"encoding/json"
	"errors"
	"os"

	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/evm/crypto/hd"
	evmserver "github.com/cosmos/evm/server"
	srvflags "github.com/cosmos/evm/server/flags"
	"github.com/spf13/cobra"

	"cosmossdk.io/log/v2"

	"dhc/network/chain"
	"dhc/network/genesis"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"
	"github.com/cosmos/cosmos-sdk/server"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
)

func root() *cobra.Command {
	command := &cobra.Command{
		Use:           chain.Name,
		Short:         "A node of the Deep Health Chain",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	start := evmserver.StartCmd(evmserver.NewDefaultStartOptions(openApp, ""))
	start.PreRunE = before(prepare, start.PreRunE)
	command.AddCommand(start, genesisCommand())
	return command
}

type step = func(*cobra.Command, []string) error

func before(first, then step) step {
	return func(command *cobra.Command, arguments []string) error {
		if err := first(command, arguments); err != nil {
			return err
		}
		return then(command, arguments)
	}
}

// prepare reads the home's configuration and gives the servers their client context.
func prepare(command *cobra.Command, _ []string) error {
	app, err := offline(0)
	if err != nil {
		return err
	}
	context := app.ClientContext().
		WithInput(os.Stdin).
		WithAccountRetriever(authtypes.AccountRetriever{}).
		WithBroadcastMode(flags.BroadcastSync).
		WithViper("")
	// The node signs for nobody; the JSON-RPC server wants a keyring to find empty.
	context = context.WithKeyring(keyring.NewInMemory(app.Codec(), hd.EthSecp256k1Option()))
	home, err := command.Flags().GetString(flags.FlagHome)
	if err != nil {
		return err
	}
	if home == "" {
		return errors.New("--home says where the node's keys and data are")
	}
	if err := client.SetCmdClientContextHandler(context.WithHomeDir(home), command); err != nil {
		return err
	}
	return server.InterceptConfigsPreRunHandler(
		command, genesis.AppTemplate, genesis.AppConfig(0, false), genesis.CometConfig(),
	)
}

// openApp composes the application of `start`, where no error can be returned.
func openApp(logger log.Logger, db dbm.DB, options servertypes.AppOptions) evmserver.Application {
	app, err := chain.New(logger, db, true, options, server.DefaultBaseappOptions(options)...)
	if err != nil {
		panic(err)
	}
	return app
}

// offline composes an application without state: for its codecs and its checks of a genesis.
func offline(evmChainID uint64) (*chain.App, error) {
	return chain.New(log.NewNopLogger(), dbm.NewMemDB(), false, fixed{
		srvflags.EVMChainID: evmChainID,
		// No mempool: nothing comes in.
		server.FlagMempoolMaxTxs: -1,
	})
}

// fixed options, instead of those of a configuration file.
type fixed map[string]any

func (f fixed) Get(key string) any { return f[key] }

func genesisCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "genesis PLAN FOLDER",
		Short: "Write the genesis document and the homes of a network's first validators",
		Args:  cobra.ExactArgs(2),
		RunE: func(command *cobra.Command, arguments []string) error {
			file, err := os.Open(arguments[0])
			if err != nil {
				return err
			}
			defer file.Close()
			plan, err := genesis.ReadPlan(file)
			if err != nil {
				return err
			}
			app, err := offline(plan.EVMChainID)
			if err != nil {
				return err
			}
			nodes, err := genesis.Write(app, plan, arguments[1])
			if err != nil {
				return err
			}
			return json.NewEncoder(command.OutOrStdout()).Encode(map[string]any{"nodes": nodes})
		},
	}
	return command
}
