#include "node/metrics_server.h"

#include <httplib.h>

#include <charconv>
#include <string_view>
#include <thread>
#include <utility>

namespace timebank::node {

namespace {

constexpr std::size_t kThreads = 2;
constexpr std::size_t kRequestBytesMax = 4096;

}  // namespace

class MetricsServer::Impl {
 public:
  explicit Impl(std::function<std::string()> text) {
    server_.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    server_.set_payload_max_length(kRequestBytesMax);
    server_.set_keep_alive_max_count(1);
    server_.Get("/metrics",
                [text = std::move(text)](const httplib::Request&, httplib::Response& response) {
                  response.set_content(text(), "text/plain; version=0.0.4");
                });
  }

  bool Start(const std::string& address) {
    const std::size_t colon = address.rfind(':');
    if (colon == std::string::npos) return false;
    int port = 0;
    const std::string_view digits = std::string_view(address).substr(colon + 1);
    if (std::from_chars(digits.data(), digits.data() + digits.size(), port).ec != std::errc()) {
      return false;
    }
    if (!server_.bind_to_port(address.substr(0, colon).c_str(), port)) return false;
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    return true;
  }

  void Stop() {
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }

 private:
  httplib::Server server_;
  std::thread thread_;
};

MetricsServer::MetricsServer(std::function<std::string()> text)
    : impl_(std::make_unique<Impl>(std::move(text))) {}
MetricsServer::~MetricsServer() { Stop(); }
bool MetricsServer::Start(const std::string& address) { return impl_->Start(address); }
void MetricsServer::Stop() { impl_->Stop(); }

}  // namespace timebank::node
