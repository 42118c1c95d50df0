// Package http1 is an HTTP/1.x server built the way Node's http module is
// built: a connection feeds a pooled incremental parser, each request becomes
// an IncomingMessage and a ServerResponse, and two queues per connection keep
// pipelined answers in order.
//
//	package main
//
//	import (
//		"fmt"
//		"log"
//
//		"github.com/cork-go/cork/http1"
//	)
//
//	func main() {
//		server := http1.CreateServer(func(req *http1.IncomingMessage, res *http1.ServerResponse) {
//			res.End("Hello World")
//		})
//		log.Fatal(server.Listen(3000, func() { fmt.Println("Listening on port 3000") }))
//	}
//
// The rules that bite:
//
//   - A handler may block, and it may return before it has answered: as in Node
//     a ServerResponse outlives its handler, and any goroutine may finish it.
//   - Request and response are valid until the handler has returned and the
//     response has ended, whichever comes later. After that they serve another
//     request; do not touch them. Strings that were got from them stay valid
//     for ever.
//   - A request or response is used by one goroutine at a time. Write, End and
//     the other methods that send may be called while the server works on other
//     requests of the same connection; they lock what they share.
//   - Later requests of a pipeline wait for a handler that blocks; they do not
//     wait for one that has returned without answering.
//   - Callbacks (OnData, OnFinish, OnClose and the others) come one after the
//     other for each connection, and never inside of a call of yours.
//
// Server.Handler takes an http.Handler in place of OnRequest, and ToHTTP makes one of
// a native handler; docs/net-http.md has what differs from net/http.
//
// The words are net/http's, and Node's where it has none: what Node throws is
// returned, what Node emits is a function to set. docs/node-differences.md lists
// where the behaviour is not Node's.
//
// The way of a request, by names to search for:
//
//  1. Server.Serve accepts. On event loops loops.onAccept begins a connection, over
//     net.Conns connectionListener does.
//  2. loopTransport.drive, or netTransport.serve, reads, with a buffer only while
//     there is something to read, and gives the bytes to conn.take, which borrows
//     the work with its parser: pools.lend.
//  3. conn.run asks conn.meet what comes next, until only the carrier can go on.
//  4. conn.execute runs the parser; its events (conn_events.go) only take notes.
//  5. checkRequest in framing.go refuses what a careful server refuses and
//     decides the body's length.
//  6. The request joins conn.incoming, its response conn.outgoing; task.go says
//     what becomes of it, and run calls the hook, Server.OnRequest as a rule.
//  7. ServerResponse.storeHead builds the head once; frameResponse in framing.go
//     decides the answer's length and what becomes of the connection. A head that
//     differs from an earlier one in its length alone comes from headMemo.
//  8. conn.send writes for the response at the front and holds the bytes of
//     those behind it.
//  9. conn.shift moves both queues when the front has ended, and releases what
//     the next one has written.
//  10. conn.retire gives request and response back, once.
package http1
