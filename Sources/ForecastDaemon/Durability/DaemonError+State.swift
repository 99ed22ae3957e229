// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc
import StateStore

extension DaemonError {
    /// A disk that did not do what it was asked.
    init(_ error: DiskError) {
        let status: ExitStatus =
            switch error {
            case .full: .cannotCreate
            case .failed(_, _, EACCES), .failed(_, _, EPERM), .failed(_, _, EROFS): .permission
            case .failed(.create, _, _): .cannotCreate
            case .failed: .inputOutput
            }
        self.init(status, "state.directory: \(error)")
    }

    /// What is stored cannot be read as it is.
    init(_ error: StoreError) {
        if case .disk(let error) = error {
            self.init(error)
        } else {
            self.init(.data, "state.directory: \(error)")
        }
    }

    /// A directory that cannot be used for state.
    init(_ error: StateDirectoryError) {
        switch error {
        case .disk(let error): self.init(error)
        case .owner, .mode: self.init(.permission, "state.directory: \(error)")
        case .held: self.init(.unavailable, "state.directory: \(error)")
        }
    }
}
