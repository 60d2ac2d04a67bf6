package genesis

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	feemarkettypes "github.com/cosmos/evm/x/feemarket/types"
	evmtypes "github.com/cosmos/evm/x/vm/types"
	"github.com/cosmos/gogoproto/proto"
	"github.com/ethereum/go-ethereum/common"

	"cosmossdk.io/math"

	"dhc/network/chain"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	distrtypes "github.com/cosmos/cosmos-sdk/x/distribution/types"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	slashingtypes "github.com/cosmos/cosmos-sdk/x/slashing/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"
)

// Document of a network: the plan's state, and validators with these consensus keys in its order.
func Document(app *chain.App, plan Plan, keys []cryptotypes.PubKey) (*genutiltypes.AppGenesis, error) {
	if len(keys) != len(plan.Validators) {
		return nil, fmt.Errorf("%d keys for %d validators", len(keys), len(plan.Validators))
	}
	states, err := modules(app, plan, keys)
	if err != nil {
		return nil, err
	}
	document := app.DefaultGenesis()
	for name, state := range states {
		if document[name], err = app.Codec().MarshalJSON(state); err != nil {
			return nil, fmt.Errorf("the state of %s: %w", name, err)
		}
	}
	if err := app.ValidateGenesis(document); err != nil {
		return nil, err
	}
	appState, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	genesis := genutiltypes.NewAppGenesisWithVersion(plan.ChainID, appState)
	genesis.GenesisTime = plan.Time
	genesis.Consensus.Params = consensusRules()
	return genesis, genesis.ValidateAndComplete()
}

func modules(app *chain.App, plan Plan, keys []cryptotypes.PubKey) (map[string]proto.Message, error) {
	accounts, err := authState(plan)
	if err != nil {
		return nil, err
	}
	staking, err := stakingState(plan, keys)
	if err != nil {
		return nil, err
	}
	slashing := slashingtypes.DefaultGenesisState()
	slashing.Params = slashingRules()
	distribution := distrtypes.DefaultGenesisState()
	distribution.Params = distributionRules()
	fees := feemarkettypes.DefaultGenesisState()
	fees.Params = feeRules()
	governance := govv1.DefaultGenesisState()
	rules := governanceRules()
	governance.Params = &rules
	return map[string]proto.Message{
		authtypes.ModuleName:      accounts,
		banktypes.ModuleName:      bankState(plan),
		distrtypes.ModuleName:     distribution,
		evmtypes.ModuleName:       evmState(plan),
		feemarkettypes.ModuleName: fees,
		govtypes.ModuleName:       governance,
		slashingtypes.ModuleName:  slashing,
		stakingtypes.ModuleName:   staking,
	}, nil
}

func bech32(address common.Address) string { return sdk.AccAddress(address.Bytes()).String() }

func authState(plan Plan) (*authtypes.GenesisState, error) {
	accounts := make(authtypes.GenesisAccounts, 0, len(plan.Accounts))
	for number, account := range plan.Accounts {
		accounts = append(accounts, authtypes.NewBaseAccount(
			account.Address.Bytes(), nil, uint64(number), account.Nonce,
		))
	}
	return authtypes.NewGenesisState(authtypes.DefaultParams(), accounts), nil
}

func bankState(plan Plan) *banktypes.GenesisState {
	staked := math.ZeroInt()
	for _, validator := range plan.Validators {
		staked = staked.Add(validator.Stake)
	}
	// Validators become bonded with the first block, and their stake moves with them.
	balances := []banktypes.Balance{{
		Address: authtypes.NewModuleAddress(stakingtypes.NotBondedPoolName).String(),
		Coins:   sdk.NewCoins(sdk.NewCoin(chain.Denom, staked)),
	}}
	for _, account := range plan.Accounts {
		if account.Balance.IsPositive() {
			balances = append(balances, banktypes.Balance{
				Address: bech32(account.Address),
				Coins:   sdk.NewCoins(sdk.NewCoin(chain.Denom, account.Balance)),
			})
		}
	}
	return banktypes.NewGenesisState(
		banktypes.DefaultParams(), banktypes.SanitizeGenesisBalances(balances),
		sdk.NewCoins(sdk.NewCoin(chain.Denom, plan.Supply)),
		[]banktypes.Metadata{chain.Metadata()}, nil,
	)
}

func evmState(plan Plan) *evmtypes.GenesisState {
	state := evmtypes.DefaultGenesisState()
	state.Params = evmRules()
	state.Preinstalls = evmtypes.DefaultPreinstalls
	for _, account := range plan.Accounts {
		if account.Code == "" {
			continue
		}
		storage := make(evmtypes.Storage, 0, len(account.Storage))
		for _, slot := range slices.SortedFunc(maps.Keys(account.Storage), func(a, b common.Hash) int {
			return bytes.Compare(a[:], b[:])
		}) {
			storage = append(storage, evmtypes.NewState(slot, account.Storage[slot]))
		}
		state.Accounts = append(state.Accounts, evmtypes.GenesisAccount{
			Address: account.Address.Hex(),
			Code:    account.Code,
			Storage: storage,
		})
	}
	return state
}

func stakingState(plan Plan, keys []cryptotypes.PubKey) (*stakingtypes.GenesisState, error) {
	var (
		validators  []stakingtypes.Validator
		delegations []stakingtypes.Delegation
	)
	for i, planned := range plan.Validators {
		key, err := codectypes.NewAnyWithValue(keys[i])
		if err != nil {
			return nil, err
		}
		operator := sdk.ValAddress(planned.Operator.Bytes()).String()
		shares := math.LegacyNewDecFromInt(planned.Stake)
		validators = append(validators, stakingtypes.Validator{
			OperatorAddress: operator,
			ConsensusPubkey: key,
			Status:          stakingtypes.Unbonded,
			Tokens:          planned.Stake,
			DelegatorShares: shares,
			Description:     stakingtypes.NewDescription(planned.Name, "", "", "", ""),
			Commission: stakingtypes.NewCommissionWithTime(
				percent(10), percent(20), percent(1), plan.Time,
			),
			UnbondingTime: plan.Time,
			// Whoever lost any of its deposit pays it in again before it validates again.
			MinSelfDelegation: planned.Stake,
		})
		delegations = append(delegations, stakingtypes.NewDelegation(
			bech32(planned.Operator), operator, shares,
		))
	}
	return stakingtypes.NewGenesisState(stakingRules(), validators, delegations), nil
}
