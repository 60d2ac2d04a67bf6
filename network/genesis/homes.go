package genesis

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	cmtconfig "github.com/cometbft/cometbft/config"
	evmconfig "github.com/cosmos/evm/server/config"

	"dhc/network/chain"

	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	serverconfig "github.com/cosmos/cosmos-sdk/server/config"
	"github.com/cosmos/cosmos-sdk/x/genutil"
)

const (
	// AppTemplate of app.toml.
	AppTemplate = serverconfig.DefaultConfigTemplate + evmconfig.DefaultEVMConfigTemplate

	// A block comes about 0.2 s after this pause, of four validators on one machine.
	pauseBetweenBlocks = 800 * time.Millisecond
	// When the validator whose turn it is does not propose, the next one's turn comes after this.
	patienceWithProposer = 1500 * time.Millisecond
	waitingNative        = 5_000
)

// Node of a network that was written.
type Node struct {
	Home string `json:"home"`
	// ID by which its peers know it.
	ID string `json:"id"`
	// Validator is the address of its consensus key, hex.
	Validator string `json:"validator"`
}

// Write makes the homes of the plan's validators below folder. The first keeps every state for
// ever, so that old proofs can be had; the others prune. No home may be there yet.
func Write(app *chain.App, plan Plan, folder string) ([]Node, error) {
	nodes := make([]Node, 0, len(plan.Validators))
	keys := make([]cryptotypes.PubKey, 0, len(plan.Validators))
	configs := make([]*cmtconfig.Config, 0, len(plan.Validators))
	for i, validator := range plan.Validators {
		home := filepath.Join(folder, fmt.Sprintf("node%d", i))
		if err := os.MkdirAll(filepath.Dir(home), 0o755); err != nil {
			return nil, err
		}
		if err := os.Mkdir(home, 0o700); err != nil {
			return nil, err
		}
		config := CometConfig()
		config.SetRoot(home)
		config.Moniker = validator.Name
		if err := os.MkdirAll(filepath.Join(home, "config"), 0o700); err != nil {
			return nil, err
		}
		id, key, err := genutil.InitializeNodeValidatorFiles(config)
		if err != nil {
			return nil, fmt.Errorf("the keys of %s: %w", validator.Name, err)
		}
		cmtconfig.WriteConfigFile(filepath.Join(home, "config", "config.toml"), config)
		serverconfig.SetConfigTemplate(AppTemplate)
		serverconfig.WriteConfigFile(filepath.Join(home, "config", "app.toml"), AppConfig(plan.EVMChainID, i == 0))
		nodes = append(nodes, Node{Home: home, ID: id, Validator: key.Address().String()})
		keys = append(keys, key)
		configs = append(configs, config)
	}
	document, err := Document(app, plan, keys)
	if err != nil {
		return nil, err
	}
	for _, config := range configs {
		if err := document.SaveAs(config.GenesisFile()); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

// CometConfig of a node whose peers are all on this machine. Ports are given at the start.
func CometConfig() *cmtconfig.Config {
	config := cmtconfig.DefaultConfig()
	config.Consensus.TimeoutCommit = pauseBetweenBlocks
	config.Consensus.TimeoutPropose = patienceWithProposer
	config.Mempool.Type = "app"
	config.P2P.AddrBookStrict = false
	config.P2P.AllowDuplicateIP = true
	config.P2P.PexReactor = false
	config.RPC.PprofListenAddress = ""
	return config
}

// AppConfig of a node; an archive never prunes.
func AppConfig(evmChainID uint64, archive bool) *evmconfig.Config {
	config := evmconfig.DefaultConfig()
	config.MinGasPrices = fmt.Sprintf("%d%s", leastGasPrice, chain.Denom)
	config.Mempool.MaxTxs = waitingNative
	config.EVM.EVMChainID = evmChainID
	config.JSONRPC.Enable = true
	config.JSONRPC.EnableIndexer = true
	config.JSONRPC.AllowInsecureUnlock = false
	if archive {
		config.Pruning = "nothing"
	}
	return config
}
