// Package genesis writes how a DHC network begins: the genesis document and the nodes' homes.
package genesis

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"cosmossdk.io/math"
)

// Plan is the first state of the EVM and who validates: what `dhc network plan` prints.
type Plan struct {
	ChainID    string    `json:"chain_id"`
	EVMChainID uint64    `json:"evm_chain_id"`
	Time       time.Time `json:"time"`
	// Supply in adhl: what all accounts and all stakes are worth together.
	Supply math.Int `json:"supply"`
	// Accounts with their coins, nonces, code and storage.
	Accounts []Account `json:"accounts"`
	// Validators in the order of the nodes' homes.
	Validators []Validator `json:"validators"`
}

// Account of the EVM before the first block.
type Account struct {
	Address common.Address `json:"address"`
	Balance math.Int       `json:"balance"`
	Nonce   uint64         `json:"nonce"`
	// Code as hex without 0x; empty for accounts of people.
	Code    string                      `json:"code"`
	Storage map[common.Hash]common.Hash `json:"storage"`
}

// Validator that is bonded at the first block.
type Validator struct {
	Name string `json:"name"`
	// Operator is the account that owns the stake, votes, and asks for release from jail.
	Operator common.Address `json:"operator"`
	// Stake in adhl, and the least stake with which it may validate.
	Stake math.Int `json:"stake"`
}

var (
	errNoValidator = errors.New("a network has at least one validator")
	errSupply      = errors.New("accounts and stakes do not add up to the supply")
	errTwice       = errors.New("an account is named twice")
)

// ReadPlan reads a plan and checks that no coin is lost or made.
func ReadPlan(from io.Reader) (Plan, error) {
	var plan Plan
	decoder := json.NewDecoder(from)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&plan); err != nil {
		return Plan{}, fmt.Errorf("the plan: %w", err)
	}
	return plan, plan.check()
}

func (p Plan) check() error {
	if len(p.Validators) == 0 {
		return errNoValidator
	}
	if p.ChainID == "" || p.EVMChainID == 0 || p.Time.IsZero() || p.Supply.IsNil() {
		return errors.New("chain ids, time and supply are wanted")
	}
	sum := math.ZeroInt()
	seen := make(map[common.Address]bool)
	for _, account := range p.Accounts {
		if seen[account.Address] {
			return fmt.Errorf("%w: %s", errTwice, account.Address)
		}
		seen[account.Address] = true
		if account.Balance.IsNil() || account.Balance.IsNegative() {
			return fmt.Errorf("account %s has no balance", account.Address)
		}
		sum = sum.Add(account.Balance)
	}
	for _, validator := range p.Validators {
		if !seen[validator.Operator] {
			return fmt.Errorf("the operator of %s has no account to pay fees from", validator.Name)
		}
		if validator.Stake.IsNil() || !validator.Stake.IsPositive() {
			return fmt.Errorf("%s has no stake", validator.Name)
		}
		sum = sum.Add(validator.Stake)
	}
	if !sum.Equal(p.Supply) {
		return fmt.Errorf("%w: %s of %s", errSupply, sum, p.Supply)
	}
	return nil
}
