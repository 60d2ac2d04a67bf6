package genesis

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	dbm "github.com/cosmos/cosmos-db"
	srvflags "github.com/cosmos/evm/server/flags"
	evmtypes "github.com/cosmos/evm/x/vm/types"

	abci "github.com/cometbft/cometbft/abci/types"

	"cosmossdk.io/log/v2"
	"cosmossdk.io/math"

	"dhc/network/chain"

	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	"github.com/cosmos/cosmos-sdk/server"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"
)

// examplePlan has 1,000,150 DHL: two people, a contract, one validator.
const examplePlan = `{
	"chain_id": "dhc-local-1", "evm_chain_id": 7762, "time": "2026-11-22T00:00:00Z",
	"supply": "1000150000000000000000000",
	"accounts": [
		{"address": "0x1111111111111111111111111111111111111111", "balance": "100000000000000000000",
		 "nonce": 7, "code": "", "storage": {}},
		{"address": "0x2222222222222222222222222222222222222222", "balance": "50000000000000000000",
		 "nonce": 0, "code": "", "storage": {}},
		{"address": "0x3333333333333333333333333333333333333333", "balance": "0",
		 "nonce": 1, "code": "6001600055", "storage": {
			"0x0000000000000000000000000000000000000000000000000000000000000002":
			"0x00000000000000000000000000000000000000000000000000000000000000ff",
			"0x0000000000000000000000000000000000000000000000000000000000000001":
			"0x0000000000000000000000000000000000000000000000000000000000000001"}}
	],
	"validators": [{"name": "validator 0", "operator": "0x2222222222222222222222222222222222222222",
		"stake": "1000000000000000000000000"}]
}`

func TestMain(m *testing.M) {
	chain.Configure()
	os.Exit(m.Run())
}

type options map[string]any

func (o options) Get(key string) any { return o[key] }

// newApp without a mempool: nothing is sent to it.
func newApp(t *testing.T, base ...func(*baseapp.BaseApp)) *chain.App {
	t.Helper()
	app, err := chain.New(log.NewNopLogger(), dbm.NewMemDB(), true, options{
		// The EVM's chain id is a global that can be set once; 0 leaves it open.
		srvflags.EVMChainID:      uint64(0),
		server.FlagMempoolMaxTxs: -1,
	}, base...)
	if err != nil {
		t.Fatal(err)
	}
	return app
}

func readPlan(t *testing.T, text string) Plan {
	t.Helper()
	plan, err := ReadPlan(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func document(t *testing.T) (*chain.App, map[string]json.RawMessage, []byte) {
	t.Helper()
	app := newApp(t, baseapp.SetChainID("dhc-local-1"))
	key := ed25519.GenPrivKeyFromSecret([]byte("validator 0")).PubKey()
	written, err := Document(app, readPlan(t, examplePlan), []cryptotypes.PubKey{key})
	if err != nil {
		t.Fatal(err)
	}
	var state map[string]json.RawMessage
	if err := json.Unmarshal(written.AppState, &state); err != nil {
		t.Fatal(err)
	}
	return app, state, written.AppState
}

func TestPlansThatLoseOrMakeCoinsAreRefused(t *testing.T) {
	short := strings.Replace(examplePlan, `"supply": "1000150`, `"supply": "1000151`, 1)
	if _, err := ReadPlan(strings.NewReader(short)); !errors.Is(err, errSupply) {
		t.Fatalf("got %v", err)
	}
	twice := strings.Replace(examplePlan, "0x1111111111111111111111111111111111111111",
		"0x2222222222222222222222222222222222222222", 1)
	if _, err := ReadPlan(strings.NewReader(twice)); !errors.Is(err, errTwice) {
		t.Fatalf("got %v", err)
	}
	nobody := strings.Replace(examplePlan, `"validators": [{`, `"validators": [], "validatorz": [{`, 1)
	if _, err := ReadPlan(strings.NewReader(nobody)); err == nil {
		t.Fatal("an unknown field was accepted")
	}
	if err := (Plan{}).check(); !errors.Is(err, errNoValidator) {
		t.Fatalf("got %v", err)
	}
}

func TestEveryCoinIsInSomebodysAccountOrStake(t *testing.T) {
	app, state, _ := document(t)
	var bank banktypes.GenesisState
	app.Codec().MustUnmarshalJSON(state[banktypes.ModuleName], &bank)
	sum := math.ZeroInt()
	for _, balance := range bank.Balances {
		sum = sum.Add(balance.Coins.AmountOf(chain.Denom))
	}
	if !sum.Equal(bank.Supply.AmountOf(chain.Denom)) || sum.String() != "1000150000000000000000000" {
		t.Fatalf("%s of %s", sum, bank.Supply)
	}
}

func TestContractsStandWithTheirCodeAndStorageInOrder(t *testing.T) {
	app, state, _ := document(t)
	var evm evmtypes.GenesisState
	app.Codec().MustUnmarshalJSON(state[evmtypes.ModuleName], &evm)
	if len(evm.Accounts) != 1 {
		t.Fatalf("%d contracts", len(evm.Accounts))
	}
	contract := evm.Accounts[0]
	if contract.Code != "6001600055" || len(contract.Storage) != 2 ||
		contract.Storage[0].Key > contract.Storage[1].Key {
		t.Fatalf("%+v", contract)
	}
}

func TestValidatorsOweTheirWholeDeposit(t *testing.T) {
	app, state, _ := document(t)
	var staking stakingtypes.GenesisState
	app.Codec().MustUnmarshalJSON(state[stakingtypes.ModuleName], &staking)
	validator := staking.Validators[0]
	if !validator.MinSelfDelegation.Equal(validator.Tokens) {
		t.Fatalf("%s of %s", validator.MinSelfDelegation, validator.Tokens)
	}
}

func TestTheChainBeginsWithTheDocument(t *testing.T) {
	app, _, state := document(t)
	rules := consensusRules().ToProto()
	answer, err := app.InitChain(&abci.RequestInitChain{
		ChainId:         "dhc-local-1",
		Time:            readPlan(t, examplePlan).Time,
		ConsensusParams: &rules,
		AppStateBytes:   state,
		InitialHeight:   1,
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.Validators) != 1 || answer.Validators[0].Power != 1_000_000 {
		t.Fatalf("%+v", answer.Validators)
	}
}

func TestHomesHaveTheirOwnKeysAndOneGenesis(t *testing.T) {
	two := strings.Replace(examplePlan, `"supply": "1000150`, `"supply": "2000150`, 1)
	two = strings.Replace(two, `"stake": "1000000000000000000000000"}`,
		`"stake": "1000000000000000000000000"}, {"name": "validator 1",
		"operator": "0x1111111111111111111111111111111111111111", "stake": "1000000000000000000000000"}`, 1)
	folder := t.TempDir()
	nodes, err := Write(newApp(t), readPlan(t, two), folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(nodes) != 2 || nodes[0].ID == nodes[1].ID || nodes[0].Validator == nodes[1].Validator {
		t.Fatalf("%+v", nodes)
	}
	genesis := make([][]byte, 2)
	for i, node := range nodes {
		if genesis[i], err = os.ReadFile(filepath.Join(node.Home, "config", "genesis.json")); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(genesis[0], genesis[1]) {
		t.Fatal("two beginnings")
	}
	if _, err := Write(newApp(t), readPlan(t, two), folder); err == nil {
		t.Fatal("keys were written over")
	}
}
