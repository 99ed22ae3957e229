// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Listening sockets that the service manager keeps in its descriptor store while the daemon restarts: who connects
/// meanwhile waits, and is not refused.
///
/// A connection that waits is served as any other by the next start. Nothing is lost by the store either: no message is on its
/// way before both sides have introduced themselves.
package final class KeptListeners: Sendable {
    /// Descriptors of an earlier start, by their endpoints.
    private let kept: Mutex<[String: Int32]>
    private let notifier: ServiceNotifier

    /// Takes over what an earlier start has stored for these endpoints, and gives up what it has stored for others.
    package init(_ passed: inout PassedDescriptors, for endpoints: [String], notifier: ServiceNotifier) {
        self.notifier = notifier
        var kept: [String: Int32] = [:]
        for endpoint in endpoints {
            guard let address = ListeningAddress(endpoint: endpoint),
                let descriptor = passed.take(Self.name(of: endpoint))
            else { continue }
            if ListeningAddress(of: descriptor) == address {
                kept[endpoint] = descriptor
            } else {
                Self.giveUp(descriptor, Self.name(of: endpoint), notifier)
            }
        }
        while let (name, descriptor) = passed.takeFirst(where: { $0.contains(Self.mark) }) {
            Self.giveUp(descriptor, name, notifier)
        }
        self.kept = Mutex(kept)
    }

    /// A descriptor that listens at an endpoint, for whoever takes it over; nil where that has to be opened in the usual way.
    ///
    /// That is so where there is no service manager, for endpoints that are no address in numbers with a port, and where the
    /// address cannot be had: the usual way says why.
    package func descriptor(for endpoint: String) -> Int32? {
        if let descriptor = kept.withLock({ $0.removeValue(forKey: endpoint) }) { return descriptor }
        guard notifier.isHeard, let descriptor = ListeningAddress(endpoint: endpoint)?.listen() else {
            return nil
        }
        notifier.store(descriptor, name: Self.name(of: endpoint))
        return descriptor
    }

    /// Names may not have a colon in them; endpoints that are kept have no semicolon.
    private static func name(of endpoint: String) -> String { endpoint.replacing(":", with: ";") }
    /// What all these names have in them, and those of socket units hardly.
    private static let mark = ";//"

    private static func giveUp(_ descriptor: Int32, _ name: String, _ notifier: ServiceNotifier) {
        // For all who hold it: the address is free before the service manager has closed its own.
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
        notifier.forget(name)
    }
}
