// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What one tick of an adaptive forecast is computed in.
struct AdaptationWorkspace: ~Copyable {
    /// The features of one readout, padded with zeros.
    let features: UnsafeMutablePointer<Double>
    /// The features of the stream's own past.
    let own: UnsafeMutablePointer<Double>
    /// Three rows of features, for a readout's use.
    let scratch: UnsafeMutablePointer<Double>
    /// One target per horizon; NaN where none is known.
    let targets: UnsafeMutablePointer<Double>
    /// Forecasts by expert, then by horizon.
    let forecasts: UnsafeMutablePointer<Double>
    /// Forecasts for one horizon, by expert.
    let column: UnsafeMutablePointer<Double>
    /// For the search for a season.
    let season: UnsafeMutablePointer<Double>

    /// What related streams were: two features each.
    let related: UnsafeMutablePointer<Double>

    private let pages: ZeroPages

    init(horizon: Int, expertCount: Int, stride: Int, seasonLength: Int) {
        let horizons = (horizon + 7) / 8 * 8
        let experts = (expertCount + 7) / 8 * 8
        pages = ZeroPages(
            count: 5 * stride + horizons + expertCount * horizons + experts
                + 2 * Adaptation.relatedLimit + seasonLength,
            stride: MemoryLayout<Double>.stride)
        features = pages.start.assumingMemoryBound(to: Double.self)
        own = features + stride
        scratch = own + stride
        targets = scratch + 3 * stride
        forecasts = targets + horizons
        column = forecasts + expertCount * horizons
        related = column + experts
        season = related + 2 * Adaptation.relatedLimit
    }
}
