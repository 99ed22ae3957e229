// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The places of a batch, each of which runs through one series' life after another's, window by window, so that the
/// state can be carried on as the daemon does.
package struct Lives {
    /// The window that each place is at, and how many of its life follow.
    private var lives: [(origin: WindowSet.Origin, following: Int)]
    private let window: Int

    /// Makes the places; each begins a life at the first batch.
    package init(places: Int, window: Int) {
        lives = Array(repeating: (.init(series: 0, start: 0), 0), count: places)
        self.window = window
    }

    /// The next window of each place.
    package mutating func next(of windows: WindowSet, using random: inout SplitMix64) -> [WindowSet.Origin] {
        for place in lives.indices {
            if lives[place].following > 0 {
                lives[place].origin.start += window
                lives[place].origin.continues = true
                lives[place].following -= 1
            } else {
                let (origin, count) = windows.drawLife(window: window, using: &random)
                lives[place] = (origin, count - 1)
            }
        }
        return lives.map(\.origin)
    }
}
