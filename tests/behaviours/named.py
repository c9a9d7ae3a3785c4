"""What peers' tests are named after: every one must have its line in the table."""

from __future__ import annotations

from typing import Final

NAMED: Final = {
    "go": """
TestReverseProxy, status
TestReverseProxy, hop-by-hop fields
TestReverseProxy, `TE: trailers`
TestReverseProxy, Host
TestReverseProxy, repeated fields
TestReverseProxy, trailers
TestReverseProxy, hang-up
TestReverseProxyStripHeadersPresentInConnection
TestReverseProxyStripEmptyConnection
TestXForwardedFor
TestXForwardedFor_Omit
TestReverseProxyQuery
TestReverseProxyFlushInterval
TestReverseProxyFlushIntervalHeaders
TestReverseProxyCancellation
TestNilBody
TestUserAgentHeader
TestReverseProxyGetPutBuffer
TestReverseProxy_Post
TestReverseProxy_NilBody
TestReverseProxy_AllocatedHeader
TestReverseProxyModifyResponse
TestReverseProxyErrorHandler
TestReverseProxy_CopyBuffer
TestServeHTTPDeepCopy
TestClonesRequestHeaders
TestModifyResponseClosesBody
TestReverseProxy_PanicBodyError
TestReverseProxy_PanicClosesIncomingBody
TestSelectFlushInterval
TestReverseProxyWebSocket
TestReverseProxyWebSocketCancellation
TestUnannouncedTrailer
TestSingleJoinSlash
TestJoinURLPath
TestReverseProxyQueryParameterSmugglingDirectorDoesNotParseForm
TestReverseProxyQueryParameterSmugglingDirectorParsesForm
TestReverseProxyRewriteStripsForwarded
TestReverseProxyRewriteReplacesOut
Test1xxResponses
Test1xxHeadersNotModifiedAfterRoundTrip
TestReverseProxyWebSocketHalfTCP
TestReverseProxyHijackCopyError
""",
    "yarp": """
RequestWithBodies_WrongContentLength
RequestWithBodies_WithoutContentLength
RequestWithCookieHeaders
RequestWithEmptyMultiHeaders
UnableToConnect_Returns502
UnableToConnectWithBody_Returns502
RequestTimedOut_Returns504
RequestConnectTimedOut_Returns504
RequestWithBodyTimedOut_Returns504
RequestWithBody_KeptAliveByActivity
RequestCanceled_Returns400
RequestBodyClientErrorBeforeResponseError_Returns400
RequestBodyDestinationErrorBeforeResponseError_Returns502
ResponseBodyDestinationErrorFirstRead_Returns502
ResponseBodyDestinationErrorSecondRead_Aborted
ResponseBodyClientError_Aborted
ResponseBodyCancelledAfterStart_Aborted
RequestBodyCanceledAfterResponse_Reported
UpgradableRequestFailsToUpgrade_ProxiesResponse
UpgradableRequest_CancelsIfIdle
Expect100ContinueWithFailedResponse_ReturnResponse
UpgradableRequest_RemoveAllConnectionHeaders
NonUpgradableRequest_RemoveAllConnectionHeaders
Request_RemoveProhibitedHeaders
Response_RemoveProhibitedHeaders
RequestFailure_ResponseTransformsAreCalled
PostExpect100_BodyNotUploadedIfFailed
FalseUpgradeTest
IncompleteClientRequests_ProxyHealthIsUnaffected
""",
    "caddy": """
TestDialErrorBodyRetry
TestResponseRetryStatusCode
TestResponseRetryHeader
TestResponseRetryNoMatchNoRetry
TestResponseRetryExhaustedPreservesStatusCode
TestResponseRetryHeaderCleanup
TestClientDisconnectRecordsStatus
TestFinalizeResponse_101_StripsHopByHop
TestFinalizeResponse_200_StripsHopByHop
TestIdleTimeoutReader_HardDeadlineCapsIdleReset
TestIdleTimeoutReader_MinRateCatchesTrickle
TestIdleTimeoutReader_MinRateAllowsSustainedRate
TestCountFailureCancelledContextForgets
""",
    "nginx": """
proxy_extra_data, response with extra data
proxy_extra_data, too short response
proxy_extra_data, empty too short response
proxy_extra_data, no data in HEAD
proxy_extra_data, too short to HEAD
proxy_extra_data, empty response to HEAD
proxy_extra_data, unbuffered with extra data
proxy_extra_data, unbuffered too short response
proxy_extra_data, unbuffered empty too short response
proxy_extra_data, unbuffered no data in HEAD
proxy_extra_data, unbuffered too short response to HEAD
proxy_extra_data, unbuffered empty response to HEAD
proxy_extra_data, head no body
proxy_extra_data, head matching
proxy_extra_data, head extra
proxy_extra_data, head too short
proxy_extra_data, head no body cached
proxy_extra_data, head matching cached
proxy_extra_data, head extra cached
proxy_extra_data, head too short cached
proxy_extra_data, zero size
proxy_extra_data, unbuffered zero size
proxy_chunked_extra, chunked with extra data
proxy_unfinished, unfinished not cached
proxy_unfinished, unfinished chunked
proxy_unfinished, length no final chunk
proxy_unfinished, chunked no final chunk
proxy_unfinished, length final chunk
proxy_unfinished, chunked final chunk
proxy_unfinished, unbuffered length no final chunk
proxy_unfinished, unbuffered chunked no final chunk
proxy_unfinished, unbuffered length final chunk
proxy_unfinished, unbuffered chunked final chunk
proxy_unfinished, big unfinished
proxy_unfinished, big finished
proxy_unfinished, big unfinished un
proxy_unfinished, big finished un
proxy_unfinished, no proxy temp
proxy_duplicate_headers, normal
proxy_duplicate_headers, invalid length
proxy_duplicate_headers, duplicate length
proxy_duplicate_headers, unknown transfer encoding
proxy_duplicate_headers, duplicate transfer encoding
proxy_duplicate_headers, length and transfer encoding
proxy_duplicate_headers, transfer encoding and length
proxy_duplicate_headers, duplicate expires ignored
proxy_noclose, request to bad backend
proxy_noclose, bad backend - multiple packets
proxy_noclose, content-length actually used
proxy_noclose, bad backend - no content length
proxy_non_idempotent, get
proxy_non_idempotent, post
proxy_non_idempotent, get 404
proxy_non_idempotent, post 404
proxy_non_idempotent, get non_idempotent
proxy_non_idempotent, post non_idempotent
proxy_non_idempotent, keepalive
proxy_non_idempotent, keepalive post
http_uri, percent
http_uri, percent digit
http_uri, dot args
http_uri, frag 1
http_uri, frag 2
http_uri, frag 3
http_uri, frag 4
http_uri, frag 5
http_uri, dot dot args
http_uri, just fragment
http_uri, trailing dot
http_uri, trailing dot dot
http_uri, absolute
http_uri, absolute slash
http_uri, absolute args
http_uri, port
http_uri, port slash
http_uri, port args
http_uri, space
http_uri, control
http_uri, control escaped
upstream_keepalive, request
upstream_keepalive, keepalive
upstream_keepalive, keepalive again
upstream_keepalive, keepalive requests
upstream_keepalive, request timer
upstream_keepalive, keepalive timer
upstream_keepalive, keepalive timeout
http_keepalive_shutdown, connection close on exit
""",
    "undici": """
client-abort-while-connecting
client-body-idle-timeout
client-keep-alive
client-reconnect
client-head-reset-override
client-content-length-fastpath
content-length
client-header-field-boundaries
client-retry-resume-backpressure
decompress
""",
}
