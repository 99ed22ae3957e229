// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import CZeroMQ

/// The version of libzmq.
public enum Version {
    /// The version of the libzmq this process runs with, as `4.3.4`.
    public static var linked: String {
        var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
        zmq_version(&major, &minor, &patch)
        return "\(major).\(minor).\(patch)"
    }
}
