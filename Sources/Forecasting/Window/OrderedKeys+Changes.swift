// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// How keys go in.
extension OrderedKeys {
    /// Puts a key in.
    func insert(_ key: Int64) {
        let (root, height) = (Int(header.pointee.root), Int(header.pointee.height))
        guard let right = insert(key, node: root, level: height) else { return }
        let above = makeNode(level: height + 1)
        counts[above] = 2
        describe(root, at: 0, of: above, level: height + 1)
        describe(right, at: 1, of: above, level: height + 1)
        (header.pointee.root, header.pointee.height) = (UInt32(above), UInt32(height + 1))
    }

    /// Puts a key in below a node; returns a new node for the upper half of the entries if there was no room.
    private func insert(_ key: Int64, node: Int, level: Int) -> Int? {
        if level == 0 {
            let (leaf, place, right) = makeRoom(at: place(after: key, in: node), of: node, level: level)
            first(leaf)[place] = key
            return right
        }
        let index = max(place(after: key, in: node) - 1, 0)
        let child = Int(children(of: node)[index].child)
        guard let new = insert(key, node: child, level: level - 1) else {
            first(node)[index] = min(first(node)[index], key)
            children(of: node)[index].size += 1
            return nil
        }
        describe(child, at: index, of: node, level: level)
        let (target, place, right) = makeRoom(at: index + 1, of: node, level: level)
        describe(new, at: place, of: target, level: level)
        return right
    }

    /// Makes room for one entry, in a node or in a new one that takes over the upper half of a full one.
    private func makeRoom(at place: Int, of node: Int, level: Int) -> (node: Int, place: Int, right: Int?) {
        let count = Int(counts[node])
        guard count == WindowLayout.nodeSize else {
            shift(from: place, to: place + 1, of: node, level: level)
            return (node, place, nil)
        }
        let right = makeNode(level: level)
        move(count / 2, from: node, at: count - count / 2, to: right, at: 0, level: level)
        let isLow = place <= counts[node]
        let (target, place) = isLow ? (node, place) : (right, place - Int(counts[node]))
        shift(from: place, to: place + 1, of: target, level: level)
        return (target, place, right)
    }

    private func makeNode(level: Int) -> Int {
        if level == 0 {
            let free = Int(header.pointee.freeLeaf)
            guard free > 0 else {
                header.pointee.leaves += 1  // the first leaf is always there
                return emptied(Int(header.pointee.leaves))
            }
            header.pointee.freeLeaf = counts[free]
            return emptied(free)
        }
        let free = Int(header.pointee.freeInner)
        guard free > 0 else {
            header.pointee.inners += 1
            return emptied(layout.leafCount + Int(header.pointee.inners) - 1)
        }
        header.pointee.freeInner = counts[free]
        return emptied(free)
    }

    private func emptied(_ node: Int) -> Int {
        precondition(node < layout.leafCount + layout.innerCount, "an ordered tree has room for its keys")
        counts[node] = 0
        return node
    }
}

// How one key follows another.
extension OrderedKeys {
    /// Takes out a key, which is there, and puts another in.
    func replace(_ old: Int64, with new: Int64) {
        guard header.pointee.height == 0 else {
            remove(old)
            insert(new)
            return
        }
        // In a sorted array only what lies between the two moves.
        let leaf = first(Int(header.pointee.root))
        let source = place(after: old, in: Int(header.pointee.root)) - 1
        let target = place(after: new, in: Int(header.pointee.root))
        precondition(source >= 0 && leaf[source] == old, "a key that goes out is there")
        if target > source {
            (leaf + source).update(from: leaf + source + 1, count: target - source - 1)
            leaf[target - 1] = new
        } else {
            (leaf + target + 1).update(from: leaf + target, count: source - target)
            leaf[target] = new
        }
    }
}

// How keys go out.
extension OrderedKeys {
    /// Takes out a key, which is there.
    func remove(_ key: Int64) {
        let (root, height) = (Int(header.pointee.root), Int(header.pointee.height))
        remove(key, node: root, level: height)
        guard height > 0 && counts[root] == 1 else { return }
        header.pointee.root = children(of: root)[0].child
        header.pointee.height -= 1
        free(root, level: height)
    }

    private func remove(_ key: Int64, node: Int, level: Int) {
        let index = place(after: key, in: node) - 1
        if level == 0 {
            precondition(index >= 0 && first(node)[index] == key, "a key that goes out is there")
            shift(from: index + 1, to: index, of: node, level: level)
            return
        }
        let child = Int(children(of: node)[index].child)
        remove(key, node: child, level: level - 1)
        first(node)[index] = first(child)[0]
        children(of: node)[index].size -= 1
        if counts[child] < WindowLayout.nodeSize / 2 { balance(node, at: max(index - 1, 0), level: level) }
    }

    /// Joins two children of a node into one, or evens them out if they are too many entries for one.
    private func balance(_ node: Int, at index: Int, level: Int) {
        let (left, right) = (
            Int(children(of: node)[index].child), Int(children(of: node)[index + 1].child)
        )
        let (leftCount, rightCount) = (Int(counts[left]), Int(counts[right]))
        let half = (leftCount + rightCount) / 2
        if leftCount + rightCount <= WindowLayout.nodeSize {
            move(rightCount, from: right, at: 0, to: left, at: leftCount, level: level - 1)
            free(right, level: level - 1)
            shift(from: index + 2, to: index + 1, of: node, level: level)
        } else if leftCount > half {
            move(leftCount - half, from: left, at: half, to: right, at: 0, level: level - 1)
            describe(right, at: index + 1, of: node, level: level)
        } else {
            move(half - leftCount, from: right, at: 0, to: left, at: leftCount, level: level - 1)
            describe(right, at: index + 1, of: node, level: level)
        }
        describe(left, at: index, of: node, level: level)
    }

    /// Keeps a node for later; its count is the next one.
    private func free(_ node: Int, level: Int) {
        if level == 0 {
            counts[node] = header.pointee.freeLeaf
            header.pointee.freeLeaf = UInt32(node)
        } else {
            counts[node] = header.pointee.freeInner
            header.pointee.freeInner = UInt32(node)
        }
    }
}

// How entries move.
extension OrderedKeys {
    /// Writes what an inner node says of a child.
    private func describe(_ child: Int, at index: Int, of node: Int, level: Int) {
        first(node)[index] = first(child)[0]
        children(of: node)[index] = Entry(
            child: UInt32(child), size: UInt32(size(of: child, level: level - 1)))
    }

    /// Moves the entries of a node from one on up or down.
    private func shift(from start: Int, to target: Int, of node: Int, level: Int) {
        let count = Int(counts[node]) - start
        (first(node) + target).update(from: first(node) + start, count: count)
        if level > 0 { (children(of: node) + target).update(from: children(of: node) + start, count: count) }
        counts[node] = UInt32(target + count)
    }

    /// Moves entries at the end or the beginning of a node to the beginning or the end of another.
    private func move(
        _ count: Int, from source: Int, at start: Int, to target: Int, at place: Int, level: Int
    ) {
        shift(from: place, to: place + count, of: target, level: level)
        (first(target) + place).update(from: first(source) + start, count: count)
        if level > 0 {
            (children(of: target) + place).update(from: children(of: source) + start, count: count)
        }
        shift(from: start + count, to: start, of: source, level: level)
    }
}
