// Package chain wires the modules of a DHC node: cosmos/evm executes, CometBFT agrees.
package chain

import (
	"sync"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
)

const (
	// Denom is the coin's base unit: 10^-18 DHL.
	Denom = "adhl"
	// DisplayDenom is the unit people speak of.
	DisplayDenom = "dhl"
	// Decimals between the two.
	Decimals = 18
	// CoinType of BIP-44 paths: that of Ethereum, as in the wallet.
	CoinType = 60

	accountPrefix = "dhl"
)

var configured sync.Once

// Configure sets what the libraries keep in globals: address prefixes, the bonded coin and its
// unit of voting power (one DHL). It comes before everything else.
func Configure() {
	configured.Do(func() {
		config := sdk.GetConfig()
		config.SetBech32PrefixForAccount(accountPrefix, accountPrefix+"pub")
		config.SetBech32PrefixForValidator(accountPrefix+"valoper", accountPrefix+"valoperpub")
		config.SetBech32PrefixForConsensusNode(accountPrefix+"valcons", accountPrefix+"valconspub")
		config.SetCoinType(CoinType)
		config.SetPurpose(sdk.Purpose)
		config.Seal()
		sdk.DefaultBondDenom = Denom
		sdk.DefaultPowerReduction = math.NewIntWithDecimal(1, Decimals)
	})
}

// Metadata from which the EVM reads its coin.
func Metadata() banktypes.Metadata {
	return banktypes.Metadata{
		Description: "The coin of the Deep Health Chain",
		DenomUnits: []*banktypes.DenomUnit{
			{Denom: Denom, Exponent: 0},
			{Denom: DisplayDenom, Exponent: Decimals},
		},
		Base:    Denom,
		Display: DisplayDenom,
		Name:    "Deep Health Life",
		Symbol:  "DHL",
	}
}
