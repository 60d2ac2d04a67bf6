package genesis

import (
	"time"

	cmttypes "github.com/cometbft/cometbft/types"
	feemarkettypes "github.com/cosmos/evm/x/feemarket/types"
	evmtypes "github.com/cosmos/evm/x/vm/types"

	"cosmossdk.io/math"

	"dhc/network/chain"

	sdk "github.com/cosmos/cosmos-sdk/types"
	distrtypes "github.com/cosmos/cosmos-sdk/x/distribution/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	slashingtypes "github.com/cosmos/cosmos-sdk/x/slashing/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"
)

// The rules of a public network; docs/spec/network.md says why each is what it is.
const (
	blockBytes    = 4 << 20
	blockGas      = 40_000_000
	unbonding     = 21 * 24 * time.Hour
	maxValidators = 100

	// A validator that misses nine tenths of about three hours of blocks is jailed.
	signedWindow = 10_000
	downtimeJail = 10 * time.Minute

	depositPeriod   = 14 * 24 * time.Hour
	votingPeriod    = 5 * 24 * time.Hour
	expeditedPeriod = 24 * time.Hour

	// leastGasPrice in adhl per gas, also the first base fee.
	leastGasPrice = 1_000_000_000
)

func percent(n int64) math.LegacyDec { return math.LegacyNewDecWithPrec(n, 2) }

func dhl(n int64) sdk.Coin {
	return sdk.NewCoin(chain.Denom, math.NewInt(n).Mul(math.NewIntWithDecimal(1, chain.Decimals)))
}

func consensusRules() *cmttypes.ConsensusParams {
	rules := cmttypes.DefaultConsensusParams()
	rules.Block.MaxBytes = blockBytes
	rules.Block.MaxGas = blockGas
	// Evidence counts as long as the stake that it is about can still be taken.
	rules.Evidence.MaxAgeDuration = unbonding
	rules.Evidence.MaxAgeNumBlocks = int64(unbonding / time.Second)
	return rules
}

func stakingRules() stakingtypes.Params {
	rules := stakingtypes.DefaultParams()
	rules.BondDenom = chain.Denom
	rules.UnbondingTime = unbonding
	rules.MaxValidators = maxValidators
	rules.MinCommissionRate = percent(5)
	return rules
}

func slashingRules() slashingtypes.Params {
	rules := slashingtypes.DefaultParams()
	rules.SignedBlocksWindow = signedWindow
	rules.MinSignedPerWindow = percent(10)
	rules.DowntimeJailDuration = downtimeJail
	rules.SlashFractionDoubleSign = percent(5)
	rules.SlashFractionDowntime = math.LegacyNewDecWithPrec(1, 4)
	return rules
}

func distributionRules() distrtypes.Params {
	rules := distrtypes.DefaultParams()
	rules.CommunityTax = percent(2)
	return rules
}

func governanceRules() govtypes.Params {
	rules := govtypes.DefaultParams()
	deposit, voting, expedited := depositPeriod, votingPeriod, expeditedPeriod
	rules.MinDeposit = sdk.NewCoins(dhl(10_000))
	rules.ExpeditedMinDeposit = sdk.NewCoins(dhl(50_000))
	rules.MaxDepositPeriod = &deposit
	rules.VotingPeriod = &voting
	rules.ExpeditedVotingPeriod = &expedited
	// A tenth of the deposit comes with the proposal: proposals are no place for advertising.
	rules.MinInitialDepositRatio = percent(10).String()
	rules.BurnVoteVeto = true
	return rules
}

func feeRules() feemarkettypes.Params {
	rules := feemarkettypes.DefaultParams()
	rules.BaseFee = math.LegacyNewDec(leastGasPrice)
	rules.MinGasPrice = math.LegacyNewDec(leastGasPrice)
	return rules
}

func evmRules() evmtypes.Params {
	rules := evmtypes.DefaultParams()
	rules.EvmDenom = chain.Denom
	rules.ExtendedDenomOptions = &evmtypes.ExtendedDenomOptions{ExtendedDenom: chain.Denom}
	// In ascending order, as the EVM demands.
	rules.ActiveStaticPrecompiles = []string{
		evmtypes.P256PrecompileAddress, evmtypes.Bech32PrecompileAddress,
		evmtypes.StakingPrecompileAddress, evmtypes.DistributionPrecompileAddress,
		evmtypes.BankPrecompileAddress, evmtypes.GovPrecompileAddress,
		evmtypes.SlashingPrecompileAddress,
	}
	return rules
}
