// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {TemplateRules} from "./TemplateRules.sol";

/// @title A grant's terms in the words that a wallet shows to who signs them
/// @notice Codes are written as everywhere in DHC. What has no word yet is its number, so that two
/// terms never read alike.
library Wording {
    using Strings for uint256;

    uint256 private constant DAY = 86_400;
    uint256 private constant ACTIONS = 32;

    /// @notice The HL7 v3 ActReason code of a purpose's bit, in the order of `Templates`.
    function purpose(uint8 bit) internal pure returns (string memory) {
        if (bit == 0) return "TREAT";
        if (bit == 1) return "ETREAT";
        if (bit == 2) return "COC";
        if (bit == 3) return "HPAYMT";
        if (bit == 4) return "HOPERAT";
        if (bit == 5) return "HRESCH";
        if (bit == 6) return "CLINTRCH";
        if (bit == 7) return "PATRQT";
        if (bit == 8) return "FAMRQT";
        if (bit == 9) return "PUBHLTH";
        if (bit == 10) return "HMARKT";
        if (bit == 11) return "MLTRAINING";
        return uint256(bit).toString();
    }

    /// @notice How the keys are released.
    function mode(uint8 number) internal pure returns (string memory) {
        if (number == TemplateRules.LIVE) return "live";
        if (number == TemplateRules.SEALED) return "sealed";
        if (number == TemplateRules.CUSTODY) return "custody";
        return uint256(number).toString();
    }

    /// @notice The actions of a set of bits, from the lowest, as `view, export`.
    function actions(uint32 bits) internal pure returns (string memory list) {
        for (uint256 bit = 0; bit < ACTIONS; ++bit) {
            if (bits >> bit & 1 == 0) continue;
            string memory comma = bytes(list).length == 0 ? "" : ", ";
            list = string.concat(list, comma, _action(bit));
        }
    }

    /// @notice A second since 1970 by RFC 3339, in UTC: `2026-11-30T09:05:00Z`.
    function time(uint64 second) internal pure returns (string memory) {
        (uint256 year, uint256 month, uint256 day) = _date(second / DAY);
        uint256 rest = second % DAY;
        string memory date = string.concat(year.toString(), "-", _two(month), "-", _two(day));
        return string.concat(
            date, "T", _two(rest / 3600), ":", _two(rest / 60 % 60), ":", _two(rest % 60), "Z"
        );
    }

    function _action(uint256 bit) private pure returns (string memory) {
        if (bit == 0) return "view";
        if (bit == 1) return "export";
        if (bit == 2) return "annotate";
        return bit.toString();
    }

    /// @dev Of a day since 1970, in the Gregorian calendar: counted in eras of 400 years, which all
    /// have 146,097 days, and in years from March, so that a leap day is a year's last.
    function _date(uint256 sinceEpoch)
        private
        pure
        returns (uint256 year, uint256 month, uint256 day)
    {
        // Days from the first of March of the year 0.
        uint256 days_ = sinceEpoch + 719_468;
        uint256 era = days_ / 146_097;
        uint256 inEra = days_ - era * 146_097;
        uint256 yearOfEra = (inEra - inEra / 1460 + inEra / 36_524 - inEra / 146_096) / 365;
        uint256 inYear = inEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        uint256 fromMarch = (5 * inYear + 2) / 153;
        day = inYear - (153 * fromMarch + 2) / 5 + 1;
        month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
    }

    function _two(uint256 number) private pure returns (string memory) {
        return string.concat(number < 10 ? "0" : "", number.toString());
    }
}
