package chain

import (
	evmante "github.com/cosmos/evm/ante/evm"
	antetypes "github.com/cosmos/evm/ante/types"
	"github.com/cosmos/evm/crypto/ethsecp256k1"
	evmtypes "github.com/cosmos/evm/x/vm/types"
	"github.com/cosmos/gogoproto/proto"
	"github.com/ethereum/go-ethereum/common"

	"cosmossdk.io/math"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	"github.com/cosmos/cosmos-sdk/types/tx/signing"
	"github.com/cosmos/cosmos-sdk/x/auth/ante"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
)

// ethSignatureGas of a native transaction signed with an Ethereum key: an EVM transaction's least.
const ethSignatureGas = 21_000

// admission decides which transactions enter the mempool and blocks, and takes their fees. EVM
// transactions say by their extension that they are such; all others are native ones.
func (app *App) admission(maxGasWanted uint64) sdk.AnteHandler {
	evmExtension := "/" + proto.MessageName(&evmtypes.ExtensionOptionsEthereumTx{})
	dynamicFee := "/" + proto.MessageName(&antetypes.ExtensionOptionDynamicFeeTx{})
	return func(ctx sdk.Context, tx sdk.Tx, simulate bool) (sdk.Context, error) {
		if extended, ok := tx.(ante.HasExtensionOptionsTx); ok {
			for _, option := range extended.GetExtensionOptions() {
				switch option.GetTypeUrl() {
				case evmExtension:
					return app.evmAdmission(ctx, maxGasWanted)(ctx, tx, simulate)
				case dynamicFee:
				default:
					return ctx, sdkerrors.ErrUnknownExtensionOptions.Wrap(option.GetTypeUrl())
				}
			}
		}
		return app.nativeAdmission(ctx)(ctx, tx, simulate)
	}
}

func (app *App) evmAdmission(ctx sdk.Context, maxGasWanted uint64) sdk.AnteHandler {
	evmParams, feeParams := app.evm.GetParams(ctx), app.feemarket.GetParams(ctx)
	return sdk.ChainAnteDecorators(
		evmante.NewEVMMonoDecorator(
			app.accounts, app.feemarket, app.evm, maxGasWanted, &evmParams, &feeParams,
		),
		pendingAnnouncer{app.announcePending},
	)
}

func (app *App) nativeAdmission(ctx sdk.Context) sdk.AnteHandler {
	feeParams := app.feemarket.GetParams(ctx)
	return sdk.ChainAnteDecorators(
		nativeOnly{minGasPrice: feeParams.MinGasPrice},
		ante.NewSetUpContextDecorator(),
		ante.NewExtensionOptionsDecorator(antetypes.HasDynamicFeeExtensionOption),
		ante.NewValidateBasicDecorator(),
		ante.NewTxTimeoutHeightDecorator(),
		ante.NewValidateMemoDecorator(app.accounts),
		ante.NewConsumeGasForTxSizeDecorator(app.accounts),
		ante.NewDeductFeeDecorator(app.accounts, app.bank, nil, evmante.NewDynamicFeeChecker(&feeParams)),
		ante.NewSetPubKeyDecorator(app.accounts),
		ante.NewValidateSigCountDecorator(app.accounts),
		ante.NewSigGasConsumeDecorator(app.accounts, signatureGas),
		ante.NewSigVerificationDecorator(app.accounts, app.txConfig.SignModeHandler()),
		ante.NewIncrementSequenceDecorator(app.accounts),
	)
}

func signatureGas(meter storetypes.GasMeter, signature signing.SignatureV2, params authtypes.Params) error {
	if _, ok := signature.PubKey.(*ethsecp256k1.PubKey); ok {
		meter.ConsumeGas(ethSignatureGas, "signature with an Ethereum key")
		return nil
	}
	return ante.DefaultSigVerificationGasConsumer(meter, signature, params)
}

// nativeOnly refuses EVM messages in native transactions, where nobody would check their
// signatures, and fees that are too low or in no coin of ours.
type nativeOnly struct{ minGasPrice math.LegacyDec }

func (d nativeOnly) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	for _, message := range tx.GetMsgs() {
		if _, ok := message.(*evmtypes.MsgEthereumTx); ok {
			return ctx, sdkerrors.ErrInvalidType.Wrap("an EVM message needs the extension of EVM transactions")
		}
	}
	paid, ok := tx.(sdk.FeeTx)
	if !ok {
		return ctx, sdkerrors.ErrTxDecode.Wrap("a transaction without a fee")
	}
	if simulate || ctx.BlockHeight() == 0 {
		return next(ctx, tx, simulate)
	}
	gas := math.LegacyNewDecFromInt(math.NewIntFromUint64(paid.GetGas()))
	least := sdk.NewCoin(Denom, d.minGasPrice.Mul(gas).Ceil().RoundInt())
	fee := paid.GetFee()
	if len(fee) > 1 || fee.AmountOf(Denom).LT(least.Amount) {
		return ctx, sdkerrors.ErrInsufficientFee.Wrapf("%s given, %s needed", fee, least)
	}
	return next(ctx, tx, simulate)
}

// pendingAnnouncer tells the JSON-RPC server of each EVM transaction that was let in.
type pendingAnnouncer struct{ announce func(common.Hash) }

func (d pendingAnnouncer) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	if ctx.IsCheckTx() && !ctx.IsReCheckTx() && !simulate {
		for _, message := range tx.GetMsgs() {
			if carried, ok := message.(*evmtypes.MsgEthereumTx); ok {
				d.announce(carried.Hash())
			}
		}
	}
	return next(ctx, tx, simulate)
}
