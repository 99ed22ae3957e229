// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Training

extension Trainer {
    /// Fits a network at a command's request, with a line of progress.
    ///
    /// - Parameter paths: The files that the series come from, named in what goes wrong.
    static func fit(
        _ series: [Series], options: TrainingOptions, from paths: [String]
    ) throws(DaemonError) -> (trainer: Trainer, network: TrainedNetwork) {
        var progress = ProgressLine()
        do {
            let trainer = try Trainer(series, options: options)
            let network = try trainer.train { now in
                progress.show(describe(now, of: options.iterations))
            }
            progress.erase()
            return (trainer, network)
        } catch {
            progress.erase()
            throw DaemonError(.data, "\(paths.joined(separator: ", ")): \(error)")
        }
    }

    private static func describe(_ progress: Progress, of iterations: Int) -> String {
        func digits(_ loss: Double) -> String { String(format: "%.4f", loss) }
        let share = 100 * progress.iteration / iterations
        let validation = progress.validationLoss.map { ", validation \(digits($0))" } ?? ""
        return "train: \(progress.iteration) of \(iterations) iterations (\(share) %), loss "
            + digits(progress.trainingLoss) + validation
    }
}
