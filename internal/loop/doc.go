// Package loop runs event loops: they accept connections, tell who is ready to
// be read or written, keep timers, and take what other goroutines post. They
// carry bytes and know nothing of what the bytes mean.
//
//	group, err := loop.NewGroup(loop.Config{})
//	listener, err := group.Listen(fd, func(home *loop.Loop, fd int, peer netip.AddrPort) {
//		s := new(session) // has a loop.Socket
//		home.Add(&s.socket, fd, s)
//	})
//
// A loop is led by one goroutine at a time, the one that holds its token: it
// waits for events and calls handlers where the bytes were read, without a
// switch to another goroutine. Handlers may call code that blocks, between
// Turn.Enter and Turn.Leave. If it does, another goroutine takes the token and
// leads on, and the one that was left behind finishes what it has begun as an
// ordinary goroutine: leader and follower. A goroutine that knows that it will
// block says so, by Turn.HandOver. What is known to block in advance is better not
// begun by the leader at all: Loop.Do. Of the others a monitor takes the token, after
// some milliseconds; and for a while after that a stand-by goroutine is ready to
// take it at once.
//
// The rules that bite:
//
//   - A Socket belongs to its Handler, which has a lock for it. All methods of
//     Socket are called with that lock held; the loop calls none of them.
//   - The loop's own lock is below all others: it is never held while a Handler
//     or a Task runs.
//   - Turn.Buffer is the leader's. Bytes in it are gone when Turn.Leave has
//     failed, unless OnHandOver has said that they are needed.
//
// The way of an event, by names to search for:
//
//  1. Loop.lead takes one thing after the other while its goroutine has the token.
//  2. Loop.wait asks the poller, and parks if there is nothing, no post and no
//     timer that is due.
//  3. Loop.collect makes one ready list of events, expired timers and posts.
//  4. Turn.nextGroup takes a few of them, and has their sockets read: OnRead.
//  5. Turn.dispatch calls Handler.OnReady, OnTimeout, Task.Run or
//     Listener.accept for the next. Turn.push sends what the group has to send.
//  6. Turn.Leave fails if Loop.takeToken has been called meanwhile, by
//     Turn.HandOver or Group.monitor, or Loop.standIn has taken the token: then
//     another goroutine runs Loop.follow and goes on with the rest of the list, and
//     lead returns.
//  7. All goroutines come from hands.call, and go back to its spares.
package loop
