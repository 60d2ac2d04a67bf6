package chain

import (
	goruntime "runtime"

	"github.com/cosmos/evm/x/erc20"
	erc20types "github.com/cosmos/evm/x/erc20/types"
	"github.com/cosmos/evm/x/feemarket"
	feemarkettypes "github.com/cosmos/evm/x/feemarket/types"
	evm "github.com/cosmos/evm/x/vm"
	"github.com/cosmos/evm/x/vm/runner"
	evmtypes "github.com/cosmos/evm/x/vm/types"

	"github.com/cosmos/cosmos-sdk/baseapp/txnrunner"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/x/auth"
	authsims "github.com/cosmos/cosmos-sdk/x/auth/simulation"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	"github.com/cosmos/cosmos-sdk/x/bank"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	"github.com/cosmos/cosmos-sdk/x/consensus"
	distribution "github.com/cosmos/cosmos-sdk/x/distribution"
	distrtypes "github.com/cosmos/cosmos-sdk/x/distribution/types"
	"github.com/cosmos/cosmos-sdk/x/evidence"
	evidencetypes "github.com/cosmos/cosmos-sdk/x/evidence/types"
	"github.com/cosmos/cosmos-sdk/x/genutil"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"
	"github.com/cosmos/cosmos-sdk/x/gov"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	"github.com/cosmos/cosmos-sdk/x/slashing"
	slashingtypes "github.com/cosmos/cosmos-sdk/x/slashing/types"
	"github.com/cosmos/cosmos-sdk/x/staking"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"
)

func (app *App) makeModules() error {
	codec, registry := app.encoding.Codec, app.encoding.InterfaceRegistry
	app.modules = module.NewManager(
		auth.NewAppModule(codec, app.accounts, authsims.RandomGenesisAccounts, nil),
		bank.NewAppModule(codec, app.bank, app.accounts, nil),
		consensus.NewAppModule(codec, app.consensus),
		distribution.NewAppModule(codec, app.distribution, app.accounts, app.bank, app.staking, nil),
		erc20.NewAppModule(app.erc20, app.accounts),
		evidence.NewAppModule(*app.evidence),
		evm.NewAppModule(app.evm, app.accounts, app.bank, app.accounts.AddressCodec()),
		feemarket.NewAppModule(app.feemarket),
		genutil.NewAppModule(app.accounts, app.staking, app, app.txConfig),
		gov.NewAppModule(codec, app.gov, app.accounts, app.bank, nil),
		slashing.NewAppModule(codec, app.slashing, app.accounts, app.bank, app.staking, nil, registry),
		staking.NewAppModule(codec, app.staking, app.accounts, app.bank, nil),
	)
	app.basics = module.NewBasicManagerFromManager(app.modules, map[string]module.AppModuleBasic{
		genutiltypes.ModuleName: genutil.NewAppModuleBasic(genutiltypes.DefaultMessageValidator),
		govtypes.ModuleName:     gov.NewAppModuleBasic(nil),
		stakingtypes.ModuleName: staking.AppModuleBasic{},
	})
	app.basics.RegisterLegacyAminoCodec(app.encoding.Amino)
	app.basics.RegisterInterfaces(registry)

	app.modules.SetOrderPreBlockers(authtypes.ModuleName, evmtypes.ModuleName)
	// The EVM reads the base fee that the fee market computes; slashing comes after the rewards of
	// the last block are given out, so that they do not go to who is punished in this one.
	app.modules.SetOrderBeginBlockers(
		erc20types.ModuleName, feemarkettypes.ModuleName, evmtypes.ModuleName,
		distrtypes.ModuleName, slashingtypes.ModuleName, evidencetypes.ModuleName, stakingtypes.ModuleName,
	)
	// The fee market last: it needs all the gas of the block.
	app.modules.SetOrderEndBlockers(
		banktypes.ModuleName, govtypes.ModuleName, stakingtypes.ModuleName, authtypes.ModuleName,
		evmtypes.ModuleName, erc20types.ModuleName, feemarkettypes.ModuleName,
	)
	// Staking looks at the pools' balances, slashing at the validators, the EVM at accounts and at
	// the coin's metadata.
	app.modules.SetOrderInitGenesis(
		authtypes.ModuleName, banktypes.ModuleName, distrtypes.ModuleName, stakingtypes.ModuleName,
		slashingtypes.ModuleName, govtypes.ModuleName, evmtypes.ModuleName, feemarkettypes.ModuleName,
		erc20types.ModuleName, genutiltypes.ModuleName, evidencetypes.ModuleName,
	)
	return app.modules.RegisterServices(
		module.NewConfigurator(codec, app.MsgServiceRouter(), app.GRPCQueryRouter()),
	)
}

// hydrate restores the EVM's globals from the state after a restart.
func (app *App) hydrate(ctx sdk.Context) {
	if found, ok := app.modules.Modules[evmtypes.ModuleName].(evm.AppModule); ok {
		found.HydrateGlobals(ctx)
	}
}

// setRunner executes the transactions of a block in parallel where they do not touch each other.
func (app *App) setRunner() {
	runner.SetRunner(app.BaseApp, txnrunner.NewSTMRunner(
		app.txConfig.TxDecoder(),
		app.storeKeys(),
		min(goruntime.GOMAXPROCS(0), goruntime.NumCPU()),
		true,
		app.evmDenom,
	))
}
