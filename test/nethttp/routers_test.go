package nethttp

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/gorilla/mux"
	"github.com/labstack/echo/v4"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// askRouter asks what each of the routers below serves.
func askRouter(t *testing.T, addr string) {
	t.Helper()
	url := "http://" + addr
	for range 3 {
		get(t, url+"/users/ann").want(t, 200, "ann")
		do(t, "POST", url+"/echo", strings.NewReader("body")).want(t, 200, "body")
		if r := get(t, url+"/none"); r.StatusCode != 404 {
			t.Errorf("/none: %d", r.StatusCode)
		}
		if r := get(t, url+"/panic"); r.StatusCode != 500 {
			t.Errorf("/panic: %d", r.StatusCode)
		}
	}
}

func TestChi(t *testing.T) {
	r := chi.NewRouter()
	r.Use(middleware.RequestID, middleware.RealIP, middleware.Recoverer, middleware.Compress(5))
	r.Get("/users/{name}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, chi.URLParam(r, "name")) })
	r.Post("/echo", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	r.Get("/panic", func(http.ResponseWriter, *http.Request) { panic("x") })
	each(t, r, askRouter)
}

func TestGin(t *testing.T) {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.Use(gin.CustomRecoveryWithWriter(io.Discard, func(c *gin.Context, _ any) { c.AbortWithStatus(500) }))
	r.GET("/users/:name", func(c *gin.Context) { c.String(200, c.Param("name")) })
	r.POST("/echo", func(c *gin.Context) {
		c.DataFromReader(200, c.Request.ContentLength, "text/plain", c.Request.Body, nil)
	})
	r.GET("/panic", func(*gin.Context) { panic("x") })
	r.GET("/stream", func(c *gin.Context) {
		n := 0
		c.Stream(func(w io.Writer) bool {
			c.SSEvent("tick", n)
			n++
			return n < 3
		})
	})
	each(t, r, func(t *testing.T, addr string) {
		askRouter(t, addr)
		get(t, "http://"+addr+"/stream").want(t, 200, "event:tick\ndata:0\n\nevent:tick\ndata:1\n\nevent:tick\ndata:2\n\n")
	})
}

func TestEcho(t *testing.T) {
	e := echo.New()
	e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) (err error) {
			defer func() {
				if recover() != nil {
					err = echo.ErrInternalServerError
				}
			}()
			return next(c)
		}
	})
	e.GET("/users/:name", func(c echo.Context) error { return c.String(200, c.Param("name")) })
	e.POST("/echo", func(c echo.Context) error { return c.Stream(200, "text/plain", c.Request().Body) })
	e.GET("/panic", func(echo.Context) error { panic("x") })
	each(t, e, askRouter)
}

func TestGorillaMux(t *testing.T) {
	r := mux.NewRouter()
	r.HandleFunc("/users/{name}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, mux.Vars(r)["name"]) }).Methods("GET")
	r.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }).Methods("POST")
	r.HandleFunc("/panic", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "x", 500) })
	each(t, r, askRouter)
}

// connect-go: calls, streams from the server and streams to it.
func TestConnect(t *testing.T) {
	type text = wrapperspb.StringValue
	handlers := http.NewServeMux()
	handlers.Handle("/t.T/Call", connect.NewUnaryHandler("/t.T/Call", func(_ context.Context, req *connect.Request[text]) (*connect.Response[text], error) {
		if req.Msg.Value == "" {
			return nil, connect.NewError(connect.CodeInvalidArgument, fmt.Errorf("empty"))
		}
		res := connect.NewResponse(wrapperspb.String("hello " + req.Msg.Value))
		res.Trailer().Set("X-T", "t")
		return res, nil
	}))
	handlers.Handle("/t.T/Down", connect.NewServerStreamHandler("/t.T/Down", func(_ context.Context, req *connect.Request[text], stream *connect.ServerStream[text]) error {
		for i := range 10 {
			if err := stream.Send(wrapperspb.String(fmt.Sprint(req.Msg.Value, i))); err != nil {
				return err
			}
		}
		return nil
	}))
	handlers.Handle("/t.T/Up", connect.NewClientStreamHandler("/t.T/Up", func(_ context.Context, stream *connect.ClientStream[text]) (*connect.Response[text], error) {
		all := ""
		for stream.Receive() {
			all += stream.Msg().Value
		}
		return connect.NewResponse(wrapperspb.String(all)), stream.Err()
	}))
	each(t, handlers, func(t *testing.T, addr string) {
		for _, options := range [][]connect.ClientOption{{}, {connect.WithProtoJSON()}, {connect.WithGRPCWeb()}} {
			client := func(name string) *connect.Client[text, text] {
				return connect.NewClient[text, text](http.DefaultClient, "http://"+addr+"/t.T/"+name, options...)
			}
			res, err := client("Call").CallUnary(t.Context(), connect.NewRequest(wrapperspb.String("x")))
			if err != nil || res.Msg.Value != "hello x" || res.Trailer().Get("X-T") != "t" {
				t.Errorf("Call: %v, %v", res, err)
			}
			if _, err := client("Call").CallUnary(t.Context(), connect.NewRequest(wrapperspb.String(""))); connect.CodeOf(err) != connect.CodeInvalidArgument {
				t.Errorf("Call of nothing: %v", err)
			}
			down, err := client("Down").CallServerStream(t.Context(), connect.NewRequest(wrapperspb.String("x")))
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for down.Receive() {
				if got := down.Msg().Value; got != fmt.Sprint("x", n) {
					t.Errorf("Down: %q", got)
				}
				n++
			}
			if n != 10 || down.Err() != nil {
				t.Errorf("Down: %d messages, %v", n, down.Err())
			}
			down.Close()
			up := client("Up").CallClientStream(t.Context())
			for range 10 {
				if err := up.Send(wrapperspb.String("x")); err != nil {
					t.Error(err)
				}
			}
			if res, err := up.CloseAndReceive(); err != nil || res.Msg.Value != "xxxxxxxxxx" {
				t.Errorf("Up: %v, %v", res, err)
			}
		}
	})
}
