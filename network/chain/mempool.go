package chain

import (
	evmmempool "github.com/cosmos/evm/mempool"
	evmserver "github.com/cosmos/evm/server"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/baseapp"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
)

// makeMempool puts the EVM's mempool below CometBFT: transactions wait for a missing nonce, and a
// higher fee replaces one that waits.
func (app *App) makeMempool(options servertypes.AppOptions, logger log.Logger) error {
	most := evmserver.GetCosmosPoolMaxTx(options, logger)
	if most < 0 {
		return nil
	}
	settings := evmserver.ResolveMempoolConfig(app.AnteHandler(), options, logger)
	if err := evmserver.ValidateReapBounds(options, settings.BlockGasLimit); err != nil {
		return err
	}
	encoder := evmmempool.NewTxEncoder(app.txConfig)
	pool := evmmempool.NewMempool(
		app.CreateQueryContext, logger, app.evm, app.feemarket, app.txConfig,
		evmmempool.NewTxRechecker(settings.AnteHandler, encoder),
		evmmempool.NewTxRechecker(settings.AnteHandler, encoder),
		settings, most,
	)
	app.mempool = pool
	app.SetMempool(pool)
	app.SetPrepareProposal(
		baseapp.NewDefaultProposalHandler(pool, checkedBefore{app.BaseApp}).PrepareProposalHandler(),
	)
	app.SetInsertTxHandler(pool.NewInsertTxHandler(app.TxDecode))
	app.SetReapTxsHandler(pool.NewReapTxsHandler())
	app.SetCheckTxHandler(
		pool.NewCheckTxHandler(app.TxDecode, evmserver.GetMempoolCheckTxTimeout(options, logger)),
	)
	app.SetPrepareCheckStater(func(sdk.Context) {
		if !pool.HasEventBus() {
			pool.NotifyNewBlock()
		}
	})
	return nil
}

// checkedBefore encodes what goes into a proposal without running it once more: the mempool
// rechecks what it holds after every block.
type checkedBefore struct{ *baseapp.BaseApp }

func (v checkedBefore) PrepareProposalVerifyTx(tx sdk.Tx) ([]byte, error) { return v.TxEncode(tx) }
