package chain

import (
	"encoding/json"
	"errors"
	"fmt"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/evm/encoding"
	evmmempool "github.com/cosmos/evm/mempool"
	evmserver "github.com/cosmos/evm/server"
	srvflags "github.com/cosmos/evm/server/flags"
	evmtypes "github.com/cosmos/evm/x/vm/types"
	"github.com/ethereum/go-ethereum/common"
	"github.com/spf13/cast"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/grpc/cmtservice"
	"github.com/cosmos/cosmos-sdk/client/grpc/node"
	"github.com/cosmos/cosmos-sdk/codec"
	"github.com/cosmos/cosmos-sdk/server/api"
	"github.com/cosmos/cosmos-sdk/server/config"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkmempool "github.com/cosmos/cosmos-sdk/types/mempool"
	"github.com/cosmos/cosmos-sdk/types/module"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"
)

// Name of the node's program.
const Name = "dhc-node"

var _ evmserver.Application = (*App)(nil)

// App is the state machine under CometBFT.
type App struct {
	*baseapp.BaseApp
	keepers

	encoding encoding.Config
	txConfig client.TxConfig
	keys     map[string]*storetypes.KVStoreKey
	objects  map[string]*storetypes.ObjectStoreKey

	modules *module.Manager
	basics  module.BasicManager

	mempool        sdkmempool.ExtMempool
	pendingTxHooks []func(common.Hash)
}

// New composes the application; with loadLatest it goes on with the state in db.
func New(
	logger log.Logger,
	db dbm.DB,
	loadLatest bool,
	options servertypes.AppOptions,
	baseOptions ...func(*baseapp.BaseApp),
) (*App, error) {
	evmChainID := cast.ToUint64(options.Get(srvflags.EVMChainID))
	codecs := encoding.MakeConfig(evmChainID)
	base := baseapp.NewBaseApp(
		Name, logger, db, codecs.TxConfig.TxDecoder(),
		append(baseOptions, baseapp.SetOptimisticExecution())...,
	)
	base.SetInterfaceRegistry(codecs.InterfaceRegistry)
	base.SetTxEncoder(codecs.TxConfig.TxEncoder())
	// The EVM counts gas by its own rules; the block's limit is CometBFT's.
	base.SetDisableBlockGasMeter(true)

	app := &App{
		BaseApp:  base,
		encoding: codecs,
		txConfig: codecs.TxConfig,
		keys:     storetypes.NewKVStoreKeys(storeNames...),
		objects:  storetypes.NewObjectStoreKeys(objectNames...),
	}
	app.makeKeepers(evmChainID, cast.ToString(options.Get(srvflags.EVMTracer)))
	if err := app.makeModules(); err != nil {
		return nil, err
	}
	app.MountKVStores(app.keys)
	app.MountObjectStores(app.objects)
	app.SetInitChainer(app.initChain)
	app.SetPreBlocker(func(ctx sdk.Context, _ *abci.RequestFinalizeBlock) (*sdk.ResponsePreBlock, error) {
		return app.modules.PreBlock(ctx)
	})
	app.SetBeginBlocker(app.modules.BeginBlock)
	app.SetEndBlocker(app.modules.EndBlock)
	app.SetAnteHandler(app.admission(cast.ToUint64(options.Get(srvflags.EVMMaxTxGasWanted))))
	if err := app.makeMempool(options, logger); err != nil {
		return nil, fmt.Errorf("the mempool: %w", err)
	}
	app.setRunner()

	if loadLatest {
		if err := app.LoadLatestVersion(); err != nil {
			return nil, fmt.Errorf("the state on disk: %w", err)
		}
		app.hydrate(app.NewContextLegacy(true, cmtproto.Header{
			Height:  app.LastBlockHeight(),
			ChainID: app.ChainID(),
		}))
	}
	return app, nil
}

func (app *App) initChain(ctx sdk.Context, request *abci.RequestInitChain) (*abci.ResponseInitChain, error) {
	var state map[string]json.RawMessage
	if err := json.Unmarshal(request.AppStateBytes, &state); err != nil {
		return nil, fmt.Errorf("the genesis state: %w", err)
	}
	return app.modules.InitGenesis(ctx, app.encoding.Codec, state)
}

// DefaultGenesis of every module, by its name.
func (app *App) DefaultGenesis() map[string]json.RawMessage {
	return app.basics.DefaultGenesis(app.encoding.Codec)
}

// ValidateGenesis asks every module whether it can begin with this state.
func (app *App) ValidateGenesis(state map[string]json.RawMessage) error {
	return app.basics.ValidateGenesis(app.encoding.Codec, app.txConfig, state)
}

// Codec of messages and of genesis documents.
func (app *App) Codec() codec.Codec { return app.encoding.Codec }

// ClientContext for the servers that run inside of the node.
func (app *App) ClientContext() client.Context {
	return client.Context{}.
		WithCodec(app.encoding.Codec).
		WithInterfaceRegistry(app.encoding.InterfaceRegistry).
		WithTxConfig(app.txConfig).
		WithLegacyAmino(app.encoding.Amino)
}

// GetMempool hands the EVM's mempool to the JSON-RPC server.
func (app *App) GetMempool() sdkmempool.ExtMempool { return app.mempool }

// RegisterPendingTxListener adds one who hears of every transaction that enters the mempool.
func (app *App) RegisterPendingTxListener(listener func(common.Hash)) {
	app.pendingTxHooks = append(app.pendingTxHooks, listener)
}

func (app *App) announcePending(hash common.Hash) {
	for _, listener := range app.pendingTxHooks {
		listener(hash)
	}
}

// RegisterAPIRoutes serves nothing: the REST gateway is off.
func (app *App) RegisterAPIRoutes(*api.Server, config.APIConfig) {}

// RegisterTxService answers simulations, which the JSON-RPC server asks for.
func (app *App) RegisterTxService(context client.Context) {
	authtx.RegisterTxService(app.GRPCQueryRouter(), context, app.Simulate, app.encoding.InterfaceRegistry)
}

// RegisterTendermintService answers questions about blocks.
func (app *App) RegisterTendermintService(context client.Context) {
	cmtservice.RegisterTendermintService(context, app.GRPCQueryRouter(), app.encoding.InterfaceRegistry, app.Query)
}

// RegisterNodeService answers questions about this node's configuration.
func (app *App) RegisterNodeService(context client.Context, configuration config.Config) {
	node.RegisterNodeService(context, app.GRPCQueryRouter(), configuration, func() int64 {
		return app.CommitMultiStore().EarliestVersion()
	})
}

// Close ends the mempool and closes the database.
func (app *App) Close() error {
	var ended error
	if pool, ok := app.mempool.(*evmmempool.Mempool); ok && pool != nil {
		ended = pool.Close()
	}
	return errors.Join(ended, app.BaseApp.Close())
}

func (app *App) evmDenom(store storetypes.MultiStore) string {
	ctx := sdk.NewContext(store, cmtproto.Header{}, false, log.NewNopLogger())
	return app.evm.GetParams(ctx).EvmDenom
}

// blockedAddresses cannot receive transfers: modules and precompiles.
func blockedAddresses() map[string]bool {
	blocked := make(map[string]bool)
	for name := range modulePermissions {
		blocked[moduleAddress(name).String()] = true
	}
	for _, address := range evmtypes.AvailableStaticPrecompiles {
		blocked[sdk.AccAddress(common.HexToAddress(address).Bytes()).String()] = true
	}
	return blocked
}
