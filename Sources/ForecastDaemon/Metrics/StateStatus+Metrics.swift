// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Monitoring

// How the state is kept.
extension StateStatus {
    /// The figures; without values where no state is kept.
    func metrics(isKept: Bool) -> [MetricFamily] {
        func family(
            _ name: String, _ kind: MetricFamily.Kind, _ help: String, _ figure: Double?
        ) -> MetricFamily {
            MetricFamily("forecastd_state_" + name, kind, help, isKept ? figure : nil)
        }
        return [
            family(
                "disk_full", .gauge, "1 while the disk is full, so that a restart would lose what comes.",
                isFull ? 1 : 0),
            family(
                "lost_observations_total", .counter, "Observations not journalled because the disk was full.",
                Double(lost)),
            family("journal_bytes_total", .counter, "Bytes of the journal.", Double(journalled)),
            family("snapshots_total", .counter, "Snapshots that were made.", Double(snapshots)),
            family(
                "snapshot_failures_total", .counter, "Snapshots that did not come to an end.",
                Double(failedSnapshots)),
            family(
                "snapshot_timestamp_seconds", .gauge, "When the newest snapshot was done.",
                snapshotTime.map { Double($0.nanoseconds) / 1e9 }),
            family(
                "snapshot_bytes", .gauge, "The size of the newest snapshot.",
                snapshotTime.map { _ in Double(snapshotBytes) }),
            family(
                "snapshot_duration_seconds", .gauge, "How long the newest snapshot took.",
                snapshotTime.map { _ in snapshotSeconds }),
            family(
                "unsynchronised_records", .gauge, "Records of the journal that a power cut might lose.",
                Double(unsynchronised)),
            family(
                "longest_synchronisation_seconds", .gauge,
                "The longest that the disk took so far to make the journal durable.", longestSynchronisation),
        ]
    }
}
