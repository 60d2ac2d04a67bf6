package chain

import (
	"github.com/cosmos/evm/encoding/address"
	precompiles "github.com/cosmos/evm/precompiles/types"
	erc20keeper "github.com/cosmos/evm/x/erc20/keeper"
	erc20types "github.com/cosmos/evm/x/erc20/types"
	feemarketkeeper "github.com/cosmos/evm/x/feemarket/keeper"
	feemarkettypes "github.com/cosmos/evm/x/feemarket/types"
	evmkeeper "github.com/cosmos/evm/x/vm/keeper"
	evmtypes "github.com/cosmos/evm/x/vm/types"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/vm"

	corestore "cosmossdk.io/core/store"

	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authkeeper "github.com/cosmos/cosmos-sdk/x/auth/keeper"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	bankkeeper "github.com/cosmos/cosmos-sdk/x/bank/keeper"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	consensuskeeper "github.com/cosmos/cosmos-sdk/x/consensus/keeper"
	consensustypes "github.com/cosmos/cosmos-sdk/x/consensus/types"
	distrkeeper "github.com/cosmos/cosmos-sdk/x/distribution/keeper"
	distrtypes "github.com/cosmos/cosmos-sdk/x/distribution/types"
	evidencekeeper "github.com/cosmos/cosmos-sdk/x/evidence/keeper"
	evidencetypes "github.com/cosmos/cosmos-sdk/x/evidence/types"
	govkeeper "github.com/cosmos/cosmos-sdk/x/gov/keeper"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	slashingkeeper "github.com/cosmos/cosmos-sdk/x/slashing/keeper"
	slashingtypes "github.com/cosmos/cosmos-sdk/x/slashing/types"
	stakingkeeper "github.com/cosmos/cosmos-sdk/x/staking/keeper"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"
)

// storeNames are the trees whose roots make the app hash.
var storeNames = []string{
	authtypes.StoreKey, banktypes.StoreKey, consensustypes.StoreKey, distrtypes.StoreKey,
	erc20types.StoreKey, evidencetypes.StoreKey, evmtypes.StoreKey, feemarkettypes.StoreKey,
	govtypes.StoreKey, slashingtypes.StoreKey, stakingtypes.StoreKey,
}

var objectNames = []string{banktypes.ObjectStoreKey, evmtypes.ObjectKey}

// modulePermissions are the accounts of modules and what they may do with coins. Nobody may mint
// but the EVM and ERC-20 modules, which only wrap coins that exist: the supply is that of genesis.
var modulePermissions = map[string][]string{
	authtypes.FeeCollectorName:     nil,
	distrtypes.ModuleName:          nil,
	erc20types.ModuleName:          {authtypes.Minter, authtypes.Burner},
	evmtypes.ModuleName:            {authtypes.Minter, authtypes.Burner},
	feemarkettypes.ModuleName:      nil,
	govtypes.ModuleName:            {authtypes.Burner},
	stakingtypes.BondedPoolName:    {authtypes.Burner, authtypes.Staking},
	stakingtypes.NotBondedPoolName: {authtypes.Burner, authtypes.Staking},
}

type keepers struct {
	accounts     authkeeper.AccountKeeper
	bank         bankkeeper.Keeper
	consensus    consensuskeeper.Keeper
	distribution distrkeeper.Keeper
	erc20        erc20keeper.Keeper
	evidence     *evidencekeeper.Keeper
	evm          *evmkeeper.Keeper
	feemarket    feemarketkeeper.Keeper
	gov          *govkeeper.Keeper
	slashing     slashingkeeper.Keeper
	staking      *stakingkeeper.Keeper
}

func moduleAddress(name string) sdk.AccAddress { return authtypes.NewModuleAddress(name) }

func (app *App) makeKeepers(evmChainID uint64, tracer string) {
	var (
		codec = app.encoding.Codec
		store = func(name string) corestore.KVStoreService { return runtime.NewKVStoreService(app.keys[name]) }
		// Governance alone changes parameters.
		authority        = moduleAddress(govtypes.ModuleName)
		config           = sdk.GetConfig()
		accountAddresses = address.NewEvmCodec(config.GetBech32AccountAddrPrefix())
	)
	app.consensus = consensuskeeper.NewKeeper(
		codec, store(consensustypes.StoreKey), authority.String(), runtime.EventService{},
	)
	app.SetParamStore(app.consensus.ParamsStore)
	app.accounts = authkeeper.NewAccountKeeper(
		codec, store(authtypes.StoreKey), authtypes.ProtoBaseAccount, modulePermissions,
		accountAddresses, config.GetBech32AccountAddrPrefix(), authority.String(),
	)
	app.bank = bankkeeper.NewBaseKeeper(
		codec, store(banktypes.StoreKey), app.accounts, blockedAddresses(), authority.String(), app.Logger(),
	).WithObjStoreKey(app.objects[banktypes.ObjectStoreKey])
	app.staking = stakingkeeper.NewKeeper(
		codec, store(stakingtypes.StoreKey), app.accounts, app.bank, authority.String(),
		address.NewEvmCodec(config.GetBech32ValidatorAddrPrefix()),
		address.NewEvmCodec(config.GetBech32ConsensusAddrPrefix()),
	)
	app.distribution = distrkeeper.NewKeeper(
		codec, store(distrtypes.StoreKey), app.accounts, app.bank, app.staking,
		authtypes.FeeCollectorName, authority.String(),
	)
	app.slashing = slashingkeeper.NewKeeper(
		codec, app.encoding.Amino, store(slashingtypes.StoreKey), app.staking, authority.String(),
	)
	app.staking.SetHooks(stakingtypes.NewMultiStakingHooks(app.distribution.Hooks(), app.slashing.Hooks()))
	app.gov = govkeeper.NewKeeper(
		codec, store(govtypes.StoreKey), app.accounts, app.bank, app.distribution,
		app.MsgServiceRouter(), govtypes.DefaultConfig(), authority.String(),
		govkeeper.NewDefaultCalculateVoteResultsAndVotingPower(app.staking),
	)
	app.evidence = evidencekeeper.NewKeeper(
		codec, store(evidencetypes.StoreKey), app.staking, app.slashing,
		app.accounts.AddressCodec(), runtime.ProvideCometInfoService(),
	)
	app.feemarket = feemarketkeeper.NewKeeper(codec, authority, app.keys[feemarkettypes.StoreKey])
	app.evm = evmkeeper.NewKeeper(
		codec, app.keys[evmtypes.StoreKey], app.objects[evmtypes.ObjectKey], app.storeKeys(), authority,
		app.accounts, app.bank, app.staking, app.feemarket, &app.consensus, &app.erc20, evmChainID, tracer,
	).WithStaticPrecompiles(app.precompiles())
	// Fees are gathered over a block, not written to one account by every transaction.
	app.evm.EnableVirtualFeeCollection()
	app.erc20 = erc20keeper.NewKeeper(
		app.keys[erc20types.StoreKey], codec, authority, app.accounts, app.bank, app.evm, app.staking, nil,
	)
}

// storeKeys of all trees, whose parallel execution has to watch.
func (app *App) storeKeys() []storetypes.StoreKey {
	all := make([]storetypes.StoreKey, 0, len(app.keys)+len(app.objects))
	for _, name := range storeNames {
		all = append(all, app.keys[name])
	}
	for _, name := range objectNames {
		all = append(all, app.objects[name])
	}
	return all
}

// precompiles through which contracts and wallets reach the chain's own modules.
func (app *App) precompiles() map[common.Address]vm.PrecompiledContract {
	return precompiles.NewStaticPrecompiles().
		WithPraguePrecompiles().
		WithP256Precompile().
		WithBech32Precompile().
		WithStakingPrecompile(*app.staking, app.bank).
		WithDistributionPrecompile(app.distribution, *app.staking, app.bank).
		WithBankPrecompile(app.bank, &app.erc20).
		WithGovPrecompile(*app.gov, app.bank, app.encoding.Codec).
		WithSlashingPrecompile(app.slashing, app.bank)
}
