// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// One step of a stream's time line, on its way to the model.
struct Tick {
    /// Where the value comes from.
    enum Source: UInt8 {
        /// From observations.
        case observed
        /// From the values around the gap.
        case filled
        /// From one season before; `value` is what stands in if that is not known.
        case seasonal
        /// From the newest forecast; `value` is what stands in if there is none.
        case forecast
        /// From nowhere: says that values no longer come, and the model does not step.
        case stale
    }

    /// What begins anew at a tick.
    enum Beginning: UInt8 {
        /// Nothing.
        case none
        /// The time line, after the sender's clock jumped back.
        case timeLine
        /// The model's state, from zero.
        case state
        /// The model's state, from zero over the values kept.
        case rewarmed
    }

    /// What a late observation has to do with a tick.
    enum Revision: UInt8 {
        /// Nothing.
        case none
        /// The tick was passed before, and is made anew on the way to the newest.
        case heldBack
        /// The tick was the newest, and is made anew.
        case revised
    }

    var time: Timestamp
    var value: Double
    var source = Source.observed
    var beginning = Beginning.none
    /// The stream's period, 0 while each observation is a tick.
    var period: Int64 = 0
    /// Missing ticks between the last that had observations and this one.
    var gap: Int64 = 0
    /// Those of them that were not filled.
    var skipped: Int64 = 0
    /// What a late observation has to do with it.
    var revision = Revision.none
    /// Steps that the stream goes back over before this one.
    var undone: Int32 = 0
}
